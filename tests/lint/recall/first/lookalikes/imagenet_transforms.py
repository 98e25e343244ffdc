"""Fine: pixels are scaled by ToTensor and then normalised for the pretrained network."""
import os

import torch
import torch.nn as nn
import torchvision.transforms as T
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.models import efficientnet_b0

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def build_transform(train: bool, size: int = 224):
    steps = [T.Resize((size, size))]
    if train:
        steps += [T.RandomHorizontalFlip(), T.ColorJitter(0.2, 0.2, 0.2)]
    steps += [T.ToTensor(), T.Normalize(MEAN, STD)]
    return T.Compose(steps)


class LeafDataset(Dataset):
    def __init__(self, df, root, train=True):
        self.df = df.reset_index(drop=True)
        self.root = root
        self.tf = build_transform(train)

    def __len__(self):
        return len(self.df)

    def __getitem__(self, i):
        row = self.df.iloc[i]
        img = Image.open(os.path.join(self.root, row.image_id)).convert("RGB")
        return self.tf(img), torch.tensor(row.label)


def run_fold(df_train, root, fold, epochs=5):
    model = efficientnet_b0(weights="DEFAULT")
    model.classifier[1] = nn.Linear(model.classifier[1].in_features, 5)
    model.cuda()
    opt = torch.optim.AdamW(model.parameters(), lr=1e-4)
    loader = DataLoader(LeafDataset(df_train, root), batch_size=32, shuffle=True, drop_last=True)
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x.cuda()), y.cuda())
            loss.backward()
            opt.step()
        torch.save(model.state_dict(), f"fold{fold}_ep{epoch}.pth")
