"""Further examples of the rules about what goes into a network."""

from __future__ import annotations

from gradhealth_lint.violation import Example

_LOOP = """
            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
"""
_FIT = """
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
"""


def _example(name: str, code: str, end: str) -> Example:
    return Example(name, f"{code.rstrip()}\n{end}")


GOOD: dict[str, tuple[Example, ...]] = {
    "GRD601": (
        _example(
            "to-tensor-divides",
            """
            import torch
            from PIL import Image
            from torchvision import transforms

            class Pictures(torch.utils.data.Dataset):
                def __init__(self):
                    self.transform = transforms.ToTensor()

                def __getitem__(self, index):
                    image = Image.open(self.names[index]).convert("RGB")
                    return self.transform(image), self.labels[index]
            """,
            _LOOP,
        ),
        _example(
            "if-asked",
            """
            import cv2
            import torch

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    image = cv2.imread(self.names[index])
                    if self.transform is not None:
                        image = self.transform(image)
                    return torch.from_numpy(image).float(), self.labels[index]
            """,
            _LOOP,
        ),
        _example(
            "divided-in-place",
            """
            import cv2
            import numpy as np
            import torch

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    image = cv2.imread(self.names[index]).astype(np.float32)
                    image -= self.average
                    return torch.from_numpy(image.transpose(2, 0, 1)), self.labels[index]
            """,
            _LOOP,
        ),
        _example(
            "first-norm-of-the-model",
            """
            import cv2
            import numpy as np
            import torch
            from torch import nn

            model = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3), nn.Flatten())

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    image = cv2.imread(self.names[index]).astype(np.float32)
                    return torch.from_numpy(image.transpose(2, 0, 1)), self.labels[index]
            """,
            _LOOP,
        ),
        _example(
            "bytes-that-stay-bytes",
            """
            import torch
            from torchvision.io import read_image

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    return read_image(self.names[index]), self.labels[index]
            """,
            _LOOP,
        ),
        _example(
            "normalised-for-the-weights",
            """
            import torch
            from torchvision import models, transforms

            transform = transforms.Compose(
                [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
            )
            model = models.resnet18(pretrained=True)
            """,
            _LOOP,
        ),
        _example(
            "to-tensor-from-scratch",
            """
            import torch
            from torchvision import models, transforms

            transform = transforms.Compose([transforms.Resize(32), transforms.ToTensor()])
            model = models.resnet18(weights=None)
            """,
            _LOOP,
        ),
    ),
    "GRD602": (
        _example(
            "another-librarys-loader",
            """
            import torch
            from torch import nn
            from graphs import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=1)
            """,
            _FIT,
        ),
        _example(
            "drop-last-alone-says-nothing",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=16, shuffle=True, drop_last=False)
            """,
            _FIT,
        ),
        _example(
            "batches-by-a-sampler",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_sampler=sampler)
            """,
            _FIT,
        ),
        _example(
            "layer-norm",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, shuffle=True)
            """,
            _FIT,
        ),
        _example(
            "larger-by-default",
            """
            import argparse
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            parser = argparse.ArgumentParser()
            parser.add_argument("--batch-size", type=int, default=16)
            args = parser.parse_args()
            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=args.batch_size)
            """,
            _FIT,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD601": (
        _example(
            "pil-to-array",
            """
            import numpy as np
            import torch
            from PIL import Image

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    image = np.array(Image.open(self.names[index]).convert("RGB"))
                    image = np.transpose(image, (2, 0, 1))
                    image = torch.tensor(image, dtype=torch.float32)  # <- here
                    return {"image": image, "label": self.labels[index]}
            """,
            _LOOP,
        ),
        _example(
            "read-image-float",
            """
            import torch
            from torchvision.io import read_image

            class Pictures(torch.utils.data.Dataset):
                def __getitem__(self, index):
                    image = read_image(self.names[index]).float()  # <- here
                    label = self.labels[index]
                    return image, label
            """,
            _LOOP,
        ),
        _example(
            "bytes-of-mnist",
            """
            import torch
            from torch.utils.data import TensorDataset
            from torchvision import datasets

            train_set = datasets.MNIST("data", train=True, download=True)
            x = train_set.data.unsqueeze(1).float()  # <- here
            data = TensorDataset(x, train_set.targets)
            """,
            _LOOP,
        ),
        _example(
            "straight-into-the-model",
            """
            import cv2
            import torch

            def step(model, optimizer, name, label):
                frame = torch.FloatTensor(cv2.imread(name))  # <- here
                frame = frame.permute(2, 0, 1).unsqueeze(0)
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(frame), label)
                loss.backward()
                optimizer.step()
            """,
            "",
        ),
    ),
    "GRD602": (
        _example(
            "by-place",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 1, 3))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, 1, True)  # <- here
            """,
            _FIT,
        ),
        _example(
            "a-name-for-one",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            BATCH_SIZE = 1
            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=BATCH_SIZE)  # <- here
            """,
            _FIT,
        ),
        _example(
            "one-by-default",
            """
            import argparse
            import torch
            from torch import nn
            from torch.utils.data import DataLoader

            parser = argparse.ArgumentParser()
            parser.add_argument("--batch-size", type=int, default=1)
            args = parser.parse_args()
            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            optimizer = torch.optim.Adam(model.parameters())
            loader = DataLoader(dataset, batch_size=args.batch_size)  # <- here
            """,
            _FIT,
        ),
        Example(
            "a-trainer-and-tqdm",
            """
            import torch
            from torch import nn
            from torch.utils.data import DataLoader
            from tqdm import tqdm

            class Trainer:
                def __init__(self, dataset):
                    self.net = nn.Sequential(nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8))
                    self.optimizer = torch.optim.Adam(self.net.parameters())
                    self.loader = DataLoader(dataset, batch_size=1, num_workers=4)  # <- here

                def fit(self):
                    for x, y in tqdm(self.loader):
                        self.optimizer.zero_grad()
                        nn.functional.mse_loss(self.net(x), y).backward()
                        self.optimizer.step()
            """,
        ),
    ),
}
