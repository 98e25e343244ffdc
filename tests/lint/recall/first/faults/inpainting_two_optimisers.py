"""The discriminator's optimiser was given the generator's parameters.

Report: https://github.com/zhaoyuzhi/deepfillv2/pull/3
"""
import torch
import torch.nn as nn


def wgan_trainer(opt, generator, discriminator, perceptual, dataloader):
    generator = generator.cuda()
    discriminator = discriminator.cuda()
    l1 = nn.L1Loss()

    optimizer_g = torch.optim.Adam(generator.parameters(), lr=opt.lr_g, betas=(opt.b1, opt.b2))
    optimizer_d = torch.optim.Adam(generator.parameters(), lr=opt.lr_d, betas=(opt.b1, opt.b2))

    for epoch in range(opt.epochs):
        for batch_idx, (img, mask) in enumerate(dataloader):
            img, mask = img.cuda(), mask.cuda()
            coarse, second = generator(img, mask)
            wholeimg = img * (1 - mask) + second * mask

            optimizer_d.zero_grad()
            fake_scalar = discriminator(wholeimg.detach(), mask)
            true_scalar = discriminator(img, mask)
            loss_d = -torch.mean(true_scalar) + torch.mean(fake_scalar)
            loss_d.backward()
            optimizer_d.step()

            optimizer_g.zero_grad()
            mask_l1 = l1(coarse, img) + l1(second, img)
            gan = -torch.mean(discriminator(wholeimg, mask))
            percep = l1(perceptual(wholeimg), perceptual(img))
            loss_g = opt.lambda_l1 * mask_l1 + opt.lambda_perceptual * percep + opt.lambda_gan * gan
            loss_g.backward()
            optimizer_g.step()
            if batch_idx % 50 == 0:
                print(epoch, batch_idx, loss_d.item(), loss_g.item())
