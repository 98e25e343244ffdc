"""Fine: only biases get a constant, the prior of a focal loss; weights get N(0, 0.01) as in the paper."""
import math

import torch
from torch import nn


class RetinaHead(nn.Module):
    def __init__(self, in_channels=256, num_anchors=9, num_classes=80, prior_prob=0.01):
        super().__init__()
        cls_subnet, bbox_subnet = [], []
        for _ in range(4):
            for net in (cls_subnet, bbox_subnet):
                net.append(nn.Conv2d(in_channels, in_channels, 3, padding=1))
                net.append(nn.GroupNorm(32, in_channels))
                net.append(nn.ReLU())
        self.cls_subnet = nn.Sequential(*cls_subnet)
        self.bbox_subnet = nn.Sequential(*bbox_subnet)
        self.cls_score = nn.Conv2d(in_channels, num_anchors * num_classes, 3, padding=1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 3, padding=1)

        for modules in [self.cls_subnet, self.bbox_subnet, self.cls_score, self.bbox_pred]:
            for layer in modules.modules():
                if isinstance(layer, nn.Conv2d):
                    torch.nn.init.normal_(layer.weight, mean=0, std=0.01)
                    torch.nn.init.constant_(layer.bias, 0)
        bias_value = -math.log((1 - prior_prob) / prior_prob)
        torch.nn.init.constant_(self.cls_score.bias, bias_value)

    def forward(self, features):
        logits, boxes = [], []
        for f in features:
            logits.append(self.cls_score(self.cls_subnet(f)))
            boxes.append(self.bbox_pred(self.bbox_subnet(f)))
        return logits, boxes
