"""The classifier of an AlexNet ends in ReLU, and its output goes to the cross entropy.

Report: https://github.com/hjptriplebee/AlexNet_with_tensorflow/issues/2
"""
import torch
from torch import nn
from torch.nn import Conv2d, Dropout, Linear, MaxPool2d, ReLU, Sequential


class AlexNet(nn.Module):
    def __init__(self, num_classes: int = 102) -> None:
        super().__init__()
        self.features = Sequential(
            Conv2d(3, 96, kernel_size=11, stride=4, padding=2), nn.BatchNorm2d(96), ReLU(inplace=True),
            MaxPool2d(3, 2),
            Conv2d(96, 256, kernel_size=5, padding=2), nn.BatchNorm2d(256), ReLU(inplace=True),
            MaxPool2d(3, 2),
            Conv2d(256, 256, kernel_size=3, padding=1), nn.BatchNorm2d(256), ReLU(inplace=True),
            MaxPool2d(3, 2),
        )
        self.classifier = Sequential(
            Dropout(),
            Linear(256 * 6 * 6, 1024), ReLU(inplace=True),
            Dropout(),
            Linear(1024, num_classes), ReLU(inplace=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


def finetune(loader, epochs=30):
    model = AlexNet().cuda()
    loss_function = nn.CrossEntropyLoss(label_smoothing=0.1)
    optim = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.05)
    for _ in range(epochs):
        for img, cls in loader:
            optim.zero_grad(set_to_none=True)
            loss = loss_function(model(img.cuda()), cls.cuda())
            loss.backward()
            optim.step()
    return model
