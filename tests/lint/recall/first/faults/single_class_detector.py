"""Cross entropy over a single logit is always zero: the class branch learns nothing.

Report: https://github.com/ultralytics/yolov3/issues/191
"""
import torch
import torch.nn as nn

NUM_CLASSES = 1  # only "drone"


class DetectHead(nn.Module):
    def __init__(self, in_ch=256, anchors=3):
        super().__init__()
        self.anchors = anchors
        self.box = nn.Conv2d(in_ch, anchors * 4, 1)
        self.obj = nn.Conv2d(in_ch, anchors, 1)
        self.cls = nn.Conv2d(in_ch, anchors * NUM_CLASSES, 1)

    def forward(self, f):
        n, _, h, w = f.shape
        box = self.box(f).view(n, self.anchors, 4, h, w)
        cls = self.cls(f).view(n, self.anchors, NUM_CLASSES, h, w)
        return box, self.obj(f), cls


class AttributeHead(nn.Module):
    """Is the drone carrying something? One output."""

    def __init__(self, in_ch=256):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(in_ch, NUM_CLASSES)
        self.loss = nn.CrossEntropyLoss()

    def forward(self, f, target):
        logits = self.fc(self.pool(f).flatten(1))
        return self.loss(logits, target.long())


def compute_loss(head, attr, feats, tgt):
    box, obj, _ = head(feats)
    l_box = nn.functional.smooth_l1_loss(box, tgt["box"])
    l_obj = nn.functional.binary_cross_entropy_with_logits(obj, tgt["obj"])
    return l_box + l_obj + attr(feats, tgt["carrying"])
