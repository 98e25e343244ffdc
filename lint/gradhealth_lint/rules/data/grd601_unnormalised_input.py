"""GRD601 unnormalised-input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class UnnormalisedInput:
    """Pictures that go into a network from 0 to 255, or not as its weights were trained."""

    code: ClassVar[str] = "GRD601"
    name: ClassVar[str] = "unnormalised-input"
    severity: ClassVar[Severity] = "advice"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} keeps the numbers from 0 to 255 that {source} reads, and they go into {sink}"
    )
    remedy: ClassVar[str] = "divide by 255 and subtract the mean: (x / 255 - mean) / std"
    why: ClassVar[str] = (
        "The gradient of a first layer's weight is its input times what comes back: with inputs "
        "around 128 all weights of a unit get gradients of one sign and hundreds of times the "
        "usual size, so that the loss moves along one direction only and an ordinary learning "
        "rate overshoots; sigmoids and tanhs behind it are flat. Trained weights expect the mean "
        "and spread they were trained with. Followed is what a file reads itself, through resizing "
        "and conversions; silent where anything else touches it, where the file scales or "
        "normalises anywhere, and of masks and other targets."
    )
    references: ClassVar[tuple[str, ...]] = (
        "LeCun et al. (1998), Efficient BackProp, section 4.3",
        "torchvision documentation, Models and pre-trained weights: transforms of the weights",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(
            rb"imread|imdecode|Image\.open|read_image|decode_|MNIST|CIFAR|SVHN|STL10|ToTensor"
        ),
        re.compile(rb"backward|training_step|\.fit\("),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every place where raw pictures become floating point, and every such transform."""
        for raw in facts.raw_inputs:
            if raw.form == "pretrained":
                yield Found(raw.anchor, _PRETRAINED.format(text=raw.text), _NORMALISE)
            else:
                message = self.message.format(text=raw.text, source=raw.source, sink=raw.sink)
                yield Found(raw.anchor, message, self.remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "divided",
            """
            import cv2
            import numpy as np
            import torch
            from torch.utils.data import Dataset

            class Pictures(Dataset):
                def __getitem__(self, index):
                    img = cv2.imread(self.names[index])
                    img = cv2.resize(img, (64, 64)).astype(np.float32) / 255
                    return torch.from_numpy(img).permute(2, 0, 1), self.labels[index]

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "normalised-in-the-loop",
            """
            import cv2
            import torch
            from torch.utils.data import Dataset

            class Pictures(Dataset):
                def __getitem__(self, index):
                    img = cv2.imread(self.names[index])
                    return torch.from_numpy(img).permute(2, 0, 1).float(), self.labels[index]

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x / 255.0 - 0.5), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "a-helper-may-scale",
            """
            import cv2
            import torch
            from augment import augment
            from torch.utils.data import Dataset

            class Pictures(Dataset):
                def __getitem__(self, index):
                    img = augment(cv2.imread(self.names[index]))
                    return torch.from_numpy(img).permute(2, 0, 1).float(), self.labels[index]

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "a-mask",
            """
            import numpy as np
            import torch
            from PIL import Image
            from torch.utils.data import Dataset

            class Masks(Dataset):
                def __getitem__(self, index):
                    mask = np.array(Image.open(self.masks[index]))
                    return self.features[index], torch.from_numpy(mask.astype(np.float32))

            def train(model, loader, optimizer):
                for x, mask in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.mse_loss(model(x), mask).backward()
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "astype-float",
            """
            import cv2
            import numpy as np
            import torch
            from torch.utils.data import Dataset

            class Pictures(Dataset):
                def __getitem__(self, index):
                    img = cv2.cvtColor(cv2.imread(self.names[index]), cv2.COLOR_BGR2RGB)
                    img = cv2.resize(img, (64, 64))
                    img = torch.from_numpy(img.astype(np.float32)).permute(2, 0, 1)  # <- here
                    return img, self.labels[index]

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    torch.nn.functional.cross_entropy(model(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "pretrained-without-normalise",
            """
            import torch
            from torch import nn
            from torchvision import datasets, models, transforms

            transform = transforms.Compose([  # <- here
                transforms.RandomResizedCrop(224),
                transforms.ToTensor(),
            ])
            data = datasets.ImageFolder("train", transform)
            model = models.resnet18(pretrained=True)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
            for x, y in torch.utils.data.DataLoader(data, batch_size=32):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
    )


_PRETRAINED = (
    "{text} ends with pictures from 0 to 1, but the trained weights expect them with ImageNet's "
    "mean and standard deviation taken out"
)
_NORMALISE = (
    "add transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)) behind ToTensor(), or "
    "use the weights' own transforms()"
)
