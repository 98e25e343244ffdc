"""Further examples of the rule about models that are frozen as a whole and optimised."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD508": (
        Example(
            "setting-of-the-tutorial",
            """
            import torch
            import torch.nn as nn
            from torchvision import models

            def set_parameter_requires_grad(model, feature_extracting):
                if feature_extracting:
                    for param in model.parameters():
                        param.requires_grad = False

            model_ft = models.resnet18(pretrained=True)
            set_parameter_requires_grad(model_ft, True)
            model_ft.classifier[6] = nn.Linear(4096, 2)
            optimizer_ft = torch.optim.SGD(model_ft.parameters(), lr=0.001, momentum=0.9)
            """,
        ),
        Example(
            "frozen-if-asked",
            """
            import torch
            from models import build

            def main(args):
                model = build(args)
                if args.freeze:
                    for p in model.parameters():
                        p.requires_grad = False
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                return model, optimizer
            """,
        ),
        Example(
            "adapters-put-in",
            """
            import torch
            from adapters import add_adapters
            from models import build

            model = build()
            model.requires_grad_(False)
            add_adapters(model, rank=8)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
            """,
        ),
        Example(
            "wrapped-with-a-head",
            """
            import torch
            from torch import nn
            from torchvision.models import vgg16

            body = vgg16().features
            for p in body.parameters():
                p.requires_grad = False
            model = nn.Sequential(body, nn.Flatten(), nn.Linear(25088, 10))
            optimizer = torch.optim.Adam(model.parameters())
            """,
        ),
        Example(
            "head-beside-it",
            """
            import torch
            from torch import nn
            from models import build

            body, head = build(), nn.Linear(64, 2)
            for p in body.parameters():
                p.requires_grad = False
            both = torch.optim.Adam(list(body.parameters()) + list(head.parameters()))
            alone = torch.optim.Adam(head.parameters())
            """,
        ),
        Example(
            "own-head-afterwards",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    for p in self.body.parameters():
                        p.requires_grad = False
                    self.head = nn.Linear(8, 1)

                def forward(self, x):
                    return self.head(self.body(x).relu())

            net = Net()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "frozen-after-training",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            for p in model.parameters():
                p.requires_grad = False
            """,
        ),
        Example(
            "two-players",
            """
            import torch
            from torch import nn

            g, d = nn.Linear(8, 8), nn.Linear(8, 1)
            g_opt = torch.optim.Adam(g.parameters())
            d_opt = torch.optim.Adam(d.parameters())
            for x in loader:
                for p in d.parameters():
                    p.requires_grad = True
                d_opt.zero_grad()
                d(g(x).detach()).mean().backward()
                d_opt.step()
                for p in d.parameters():
                    p.requires_grad = False
                g_opt.zero_grad()
                d(g(x)).mean().backward()
                g_opt.step()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD508": (
        Example(
            "function-of-the-file",
            """
            import torch.nn as nn
            import torch.optim as optim
            from torchvision import models

            def freeze(net):
                for p in net.parameters():
                    p.requires_grad_(False)

            def build(classes):
                net = models.densenet121(weights="DEFAULT")
                net.classifier = nn.Linear(1024, classes)
                freeze(net)
                net = net.cuda()
                optimizer = optim.RMSprop(net.parameters(), lr=1e-4)  # <- here
                return net, optimizer
            """,
        ),
        Example(
            "trainer",
            """
            import torch
            from torch import nn
            from torchvision.models import resnet50

            class Trainer:
                def __init__(self, classes):
                    self.model = resnet50(weights="DEFAULT")
                    self.model.fc = nn.Linear(2048, classes)
                    for name, p in self.model.named_parameters():
                        p.requires_grad = False
                    self.criterion = nn.CrossEntropyLoss()

                def fit(self, loader):
                    optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)  # <- here
                    for x, y in loader:
                        optimizer.zero_grad()
                        self.criterion(self.model(x), y).backward()
                        optimizer.step()
            """,
        ),
        Example(
            "filtered-to-nothing",
            """
            import torch
            from models import Backbone

            net = Backbone(pretrained=True)
            for p in net.parameters():
                p.requires_grad = False
            net = torch.nn.DataParallel(net).cuda()
            optimizer = torch.optim.SGD(  # <- here
                filter(lambda p: p.requires_grad, net.parameters()), lr=0.1
            )
            """,
        ),
        Example(
            "size-written-over",
            """
            import torch
            import torchvision.models as models

            net = models.resnet18(pretrained=True)
            for i, param in enumerate(net.parameters()):
                param.requires_grad = False
            net.fc.out_features = 10
            optimizer = torch.optim.SGD(net.fc.parameters(), lr=1e-3)  # <- here
            """,
        ),
        Example(
            "child-by-child",
            """
            import torch
            from torchvision import models

            net = models.vgg16(pretrained=True)
            net.classifier[6] = torch.nn.Linear(4096, 10)
            for child in net.children():
                for param in child.parameters():
                    param.requires_grad = False
            optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)  # <- here
            """,
        ),
        Example(
            "frozen-between",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # <- here
            for p in model.parameters():
                p.requires_grad = False
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
    ),
}
