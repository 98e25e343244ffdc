"""The head applies a sigmoid and the segmentor's loss applies another one.

Report: https://github.com/Turoad/lanedet/issues/32
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ExistHead(nn.Module):
    def __init__(self, in_ch=128, num_lanes=4, fc_in=1800):
        super(ExistHead, self).__init__()
        self.dropout = nn.Dropout2d(0.1)
        self.conv8 = nn.Conv2d(in_ch, num_lanes + 1, 1)
        self.fc9 = nn.Linear(fc_in, 128)
        self.fc10 = nn.Linear(128, num_lanes)

    def forward(self, x):
        x = self.conv8(self.dropout(x))
        x = F.softmax(x, dim=1)
        x = F.avg_pool2d(x, 2, stride=2, padding=0)
        x = x.view(-1, x.numel() // x.shape[0])
        x = F.relu(self.fc9(x))
        return torch.sigmoid(self.fc10(x))


class LaneSeg(nn.Module):
    def __init__(self, backbone, seg_head):
        super().__init__()
        self.backbone = backbone
        self.seg_head = seg_head
        self.exist_head = ExistHead()
        self.seg_loss = nn.CrossEntropyLoss(ignore_index=255)
        self.exist_loss = nn.BCEWithLogitsLoss()

    def forward(self, batch):
        feats = self.backbone(batch["img"])
        seg = self.seg_head(feats)
        exist = self.exist_head(feats)
        if not self.training:
            return seg, exist
        loss = self.seg_loss(seg, batch["mask"])
        loss = loss + 0.1 * self.exist_loss(exist, batch["lane_exist"].float())
        return loss
