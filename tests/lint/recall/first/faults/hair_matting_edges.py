"""The edge-consistency loss works on argmax masks: it sends no gradient to the network.

Report: https://github.com/wonbeomjang/mobile-hair-segmentation-pytorch/issues/3
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ImageGradientLoss(nn.Module):
    def __init__(self):
        super().__init__()
        kx = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).view(1, 1, 3, 3)
        self.register_buffer("kx", kx)
        self.register_buffer("ky", kx.transpose(2, 3).contiguous())

    def forward(self, pred, gray_image):
        gx, gy = (F.conv2d(gray_image, k, padding=1) for k in (self.kx, self.ky))
        mag = gx.abs() + gy.abs()
        pred = torch.argmax(pred, dim=1, keepdim=True).float()
        px, py = (F.conv2d(pred, k, padding=1) for k in (self.kx, self.ky))
        pmag = px.abs() + py.abs()
        return (pmag * (1 - (gx * px + gy * py) ** 2)).sum() / (pmag.sum() + mag.numel())


def train(net, loader, epochs, lr=2e-3):
    grad_loss = ImageGradientLoss().cuda()
    optimizer = torch.optim.Adadelta(net.parameters(), lr=lr, eps=1e-7)
    for epoch in range(epochs):
        net.train()
        for image, gray, mask in loader:
            pred = net(image.cuda())
            loss = F.cross_entropy(pred, mask.cuda())
            loss = loss + 0.5 * grad_loss(pred, gray.cuda())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())
