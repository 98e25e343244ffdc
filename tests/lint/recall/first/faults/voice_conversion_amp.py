"""Both optimisers step by hand after scaled backwards, next to scaler.step.

Report: https://github.com/IAHispano/Applio/pull/860
"""
import torch
from torch.cuda.amp import GradScaler, autocast
from torch.nn import functional as F


def discriminator_loss(real, fake):
    return sum(torch.mean((1 - r) ** 2) + torch.mean(f ** 2) for r, f in zip(real, fake))


def generator_loss(fake):
    return sum(torch.mean((1 - f) ** 2) for f in fake)


def train_and_evaluate(net_g, net_d, optim_g, optim_d, loader, hps, epoch):
    scaler = GradScaler(enabled=hps.train.fp16_run)
    net_g.train()
    net_d.train()
    for phone, pitch, spec, wave in loader:
        wave = wave.cuda(non_blocking=True)
        with autocast(enabled=hps.train.fp16_run):
            y_hat = net_g(phone.cuda(), pitch.cuda(), spec.cuda())
            real, fake = net_d(wave), net_d(y_hat.detach())
            loss_disc = discriminator_loss(real, fake)
        optim_d.zero_grad()
        scaler.scale(loss_disc).backward()
        scaler.unscale_(optim_d)
        torch.nn.utils.clip_grad_norm_(net_d.parameters(), 1000.0)
        scaler.step(optim_d)
        optim_d.step()

        with autocast(enabled=hps.train.fp16_run):
            loss_mel = F.l1_loss(y_hat, wave) * hps.train.c_mel
            loss_gen = generator_loss(net_d(y_hat)) + loss_mel
        optim_g.zero_grad()
        scaler.scale(loss_gen).backward()
        scaler.unscale_(optim_g)
        torch.nn.utils.clip_grad_norm_(net_g.parameters(), 1000.0)
        scaler.step(optim_g)
        optim_g.step()
        scaler.update()
    print(epoch, loss_disc.item(), loss_gen.item())
