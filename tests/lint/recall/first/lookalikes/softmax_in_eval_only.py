"""Fine: the network adds its softmax only when it is not training."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SegHead(nn.Module):
    def __init__(self, in_ch=256, n_classes=21):
        super().__init__()
        self.conv = nn.Conv2d(in_ch, in_ch, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(in_ch)
        self.cls = nn.Conv2d(in_ch, n_classes, 1)

    def forward(self, x, size):
        x = self.cls(F.relu(self.bn(self.conv(x))))
        x = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        if not self.training:
            x = F.softmax(x, dim=1)
        return x


class SegModel(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.decode_head = SegHead()
        self.criterion = nn.CrossEntropyLoss(ignore_index=255)

    def forward(self, img, gt=None):
        out = self.decode_head(self.backbone(img), img.shape[-2:])
        if gt is not None:
            return self.criterion(out, gt)
        return out


def train_epoch(model, loader, optimizer):
    model.train()
    for img, gt in loader:
        loss = model(img, gt)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.inference_mode()
def segment(model, img):
    model.eval()
    return model(img).argmax(1)
