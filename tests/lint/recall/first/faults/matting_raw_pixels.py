"""cv2 images go into a deep net as 0 to 255, neither scaled nor normalised.

Report: https://github.com/huochaitiantang/pytorch-deep-image-matting/issues/12
"""
import os

import cv2
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset
from torchvision import models


class MatteDataset(Dataset):
    def __init__(self, root, size=320):
        self.root = root
        self.names = sorted(os.listdir(os.path.join(root, "image")))
        self.size = size

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        img = cv2.imread(os.path.join(self.root, "image", self.names[i]))
        alpha = cv2.imread(os.path.join(self.root, "alpha", self.names[i]), 0)
        img = cv2.resize(img, (self.size, self.size))
        alpha = cv2.resize(alpha, (self.size, self.size))
        img = torch.from_numpy(img.astype(np.float32)).permute(2, 0, 1)
        return img, torch.from_numpy(alpha.astype(np.float32)[None] / 255.0)


class Matting(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = models.vgg16_bn(weights=None).features[:24]
        self.decoder = nn.Sequential(
            nn.Conv2d(256, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
            nn.Upsample(scale_factor=8, mode="bilinear"), nn.Conv2d(64, 1, 3, padding=1),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


def train(root, epochs=25):
    net = Matting().cuda()
    opt = torch.optim.Adam(net.parameters(), lr=1e-5)
    for _ in range(epochs):
        for img, alpha in DataLoader(MatteDataset(root), batch_size=4, shuffle=True):
            opt.zero_grad()
            loss = nn.functional.l1_loss(net(img.cuda()), alpha.cuda())
            loss.backward()
            opt.step()
