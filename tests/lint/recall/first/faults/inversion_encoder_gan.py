"""The discriminator's optimiser is never reset; the encoder's is.

Report: https://github.com/Hsintien-Ng/idinvert_pytorch-reproduced/issues/1
"""
import torch
from torch import autograd
from torch.nn import functional as F


def r1_penalty(d_out, x):
    grad, = autograd.grad(outputs=d_out.sum(), inputs=x, create_graph=True)
    return grad.pow(2).reshape(grad.size(0), -1).sum(1).mean()


def training_loop(E, D, G, loader, lr=1e-4, loss_adv_weight=0.1, gamma=10.0):
    optimizer_E = torch.optim.Adam(E.parameters(), lr=lr, betas=(0.9, 0.99))
    optimizer_D = torch.optim.Adam(D.parameters(), lr=lr, betas=(0.9, 0.99))
    G.eval()
    for it, x_real in enumerate(loader):
        x_real = x_real.cuda()
        w = E(x_real)
        x_rec = G.synthesis(w)

        # ----- encoder
        loss_pix = F.mse_loss(x_rec, x_real)
        loss_adv = F.softplus(-D(x_rec)).mean()
        E_loss = loss_pix + loss_adv_weight * loss_adv
        optimizer_E.zero_grad()
        E_loss.backward()
        optimizer_E.step()

        # ----- discriminator
        x_real.requires_grad_(True)
        d_real = D(x_real)
        d_fake = D(x_rec.detach())
        D_loss = F.softplus(-d_real).mean() + F.softplus(d_fake).mean()
        D_loss = D_loss + gamma / 2 * r1_penalty(d_real, x_real)
        D_loss.backward()
        optimizer_D.step()
        if it % 100 == 0:
            print(it, E_loss.item(), D_loss.item())
