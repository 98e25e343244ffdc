"""Fine: the last ReLU keeps a density map non-negative; the loss is a squared error, not a softmax."""
import torch
import torch.nn as nn
from torchvision import models


class CSRNet(nn.Module):
    def __init__(self):
        super(CSRNet, self).__init__()
        self.frontend = models.vgg16_bn(weights="IMAGENET1K_V1").features[:33]
        self.backend = nn.Sequential(
            nn.Conv2d(512, 256, 3, padding=2, dilation=2), nn.BatchNorm2d(256), nn.ReLU(inplace=True),
            nn.Conv2d(256, 64, 3, padding=2, dilation=2), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        )
        self.output_layer = nn.Conv2d(64, 1, kernel_size=1)

    def forward(self, x):
        x = self.frontend(x)
        x = self.backend(x)
        return torch.relu(self.output_layer(x))


def train(model, loader, epochs, device="cuda"):
    criterion = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5, weight_decay=5e-4)
    model.to(device).train()
    for epoch in range(epochs):
        total = 0.0
        for img, density in loader:
            img, density = img.to(device), density.to(device)
            output = model(img)
            loss = criterion(output, density)
            total += loss.item()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"Epoch [{epoch}] loss {total / len(loader):.4f}")


@torch.no_grad()
def mae(model, loader):
    model.eval()
    return sum(abs(model(i).sum().item() - d.sum().item()) for i, d in loader) / len(loader)
