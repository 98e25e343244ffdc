"""Raw class scores of a point network go to nll_loss.

Report: https://github.com/yanx27/Pointnet_Pointnet2_pytorch/issues/30
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class PointNetCls(nn.Module):
    def __init__(self, num_classes: int = 16):
        super().__init__()
        self.conv1 = nn.Conv1d(3, 64, 1)
        self.conv2 = nn.Conv1d(64, 1024, 1)
        self.bn1 = nn.BatchNorm1d(64)
        self.bn2 = nn.BatchNorm1d(1024)
        self.fc1 = nn.Linear(1024, 256)
        self.bn3 = nn.BatchNorm1d(256)
        self.fc2 = nn.Linear(256, num_classes)

    def forward(self, points):
        x = F.relu(self.bn1(self.conv1(points)))
        x = self.bn2(self.conv2(x))
        x = torch.max(x, 2)[0]
        x = F.relu(self.bn3(self.fc1(x)))
        label_scores = self.fc2(x)
        return label_scores


def get_loss(label_scores, label):
    return F.nll_loss(label_scores, label)


def main(trainDataLoader, epochs=200):
    classifier = PointNetCls().cuda()
    optimizer = torch.optim.Adam(classifier.parameters(), lr=0.001, weight_decay=1e-4)
    for epoch in range(epochs):
        classifier.train()
        for points, label in trainDataLoader:
            points = points.transpose(2, 1).cuda()
            optimizer.zero_grad()
            pred = classifier(points)
            loss = F.nll_loss(pred, label.long().cuda())
            loss.backward()
            optimizer.step()
        print("epoch", epoch, "loss", loss.item())
