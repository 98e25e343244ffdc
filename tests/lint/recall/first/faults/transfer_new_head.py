"""The optimiser is built first, the classifier replaced afterwards: the new head stands still.

Report: https://github.com/microsoft/nni/issues/4521
"""
import torch
import torch.nn as nn
import torch.optim as optim
from torchvision import models, transforms
from torchvision.datasets import ImageFolder

device = torch.device("cuda:0")

normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
train_tf = transforms.Compose([
    transforms.RandomResizedCrop(224),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
    normalize,
])
train_ds = ImageFolder("flowers/train", transform=train_tf)
train_dl = torch.utils.data.DataLoader(train_ds, batch_size=32, shuffle=True, num_workers=4)

model = models.resnet18(weights="IMAGENET1K_V1").to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

# our data has 5 classes
model.fc = nn.Linear(model.fc.in_features, 5).to(device)

for epoch in range(25):
    model.train()
    for inputs, labels in train_dl:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, loss.item())
