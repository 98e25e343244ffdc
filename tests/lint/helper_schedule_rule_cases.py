"""Schedulers, accumulation and clearing spread over helpers, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD320": (
        Example(
            "scheduler-given",
            """
            import torch

            def train(model, loader, optimizer, scheduler):
                for x in loader:
                    loss = model(x).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
            """,
        ),
        Example(
            "fit-method-in-place",
            """
            import torch

            class T:
                def fit(self, loader):
                    for epoch in range(3):
                        self.train_epoch(loader)
                        self.scheduler.step()

                def train_epoch(self, loader):
                    for x in loader:
                        self.optimizer.zero_grad()
                        self.model(x).mean().backward()
                        self.optimizer.step()
            """,
        ),
        Example(
            "warmup-of-its-own",
            """
            import torch

            def train(model, loader, optimizer, warmup):
                for x in loader:
                    warmup.step()
                    loss = model(x).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "is-told-the-epoch",
            """
            import torch

            def train(model, loader, optimizer, scheduler):
                for epoch in range(3):
                    scheduler.step(epoch)
                    for x in loader:
                        loss = model(x).mean()
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
            """,
        ),
    ),
    "GRD321": (
        Example(
            "prints-now-and-then",
            """
            import torch

            def train(model, loader, optimizer, accumulation_steps):
                for i, x in enumerate(loader):
                    optimizer.zero_grad()
                    loss = model(x).mean()
                    loss.backward()
                    optimizer.step()
                    if i % 10 == 0:
                        print(loss)
            """,
        ),
        Example(
            "counter-in-place",
            """
            import torch

            def train(model, loader, optimizer, n):
                count = 0
                for x in loader:
                    loss = model(x).mean() / n
                    loss.backward()
                    count += 1
                    if count == n:
                        optimizer.step()
                        optimizer.zero_grad()
                        count = 0
            """,
        ),
        Example(
            "test-in-a-variable-in-place",
            """
            import torch

            def train(model, loader, optimizer, n):
                for i, x in enumerate(loader):
                    done = (i + 1) % n == 0
                    (model(x).mean() / n).backward()
                    if done:
                        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                        optimizer.step()
                        optimizer.zero_grad()
            """,
        ),
    ),
    "GRD322": (
        Example(
            "once-and-behind-each-step",
            """
            import torch

            def train_one_epoch(model, loader, optimizer):
                optimizer.zero_grad()
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "once-for-all-and-behind-each-step",
            """
            import torch

            def train(model, loader, optimizer):
                optimizer.zero_grad()
                for epoch in range(3):
                    for x in loader:
                        model(x).mean().backward()
                        optimizer.step()
                        optimizer.zero_grad()
            """,
        ),
        Example(
            "step-per-fold",
            """
            import torch

            def train(model, loader):
                for fold in range(5):
                    optimizer = torch.optim.Adam(model.parameters())
                    optimizer.zero_grad()
                    for x in loader:
                        model(x).mean().backward()
                    optimizer.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD320": (
        Example(
            "epoch-in-a-method",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())
                    self.scheduler = torch.optim.lr_scheduler.StepLR(self.opt, 30)

                def train_epoch(self, loader):
                    for x in loader:
                        self.opt.zero_grad()
                        self.model(x).mean().backward()
                        self.opt.step()

                def fit(self, loader):
                    for epoch in range(10):
                        self.scheduler.step()  # <- here
                        self.train_epoch(loader)
            """,
        ),
        Example(
            "old-tutorial",
            """
            import torch
            from torch.optim import lr_scheduler

            def train_model(model, criterion, optimizer, scheduler, num_epochs=25):
                for epoch in range(num_epochs):
                    for phase in ['train', 'val']:
                        if phase == 'train':
                            scheduler.step()  # <- here
                            model.train(True)
                        else:
                            model.train(False)
                        for inputs, labels in dataloaders[phase]:
                            optimizer.zero_grad()
                            outputs = model(inputs)
                            loss = criterion(outputs, labels)
                            if phase == 'train':
                                loss.backward()
                                optimizer.step()

            model_ft = torch.nn.Linear(3, 3)
            optimizer_ft = torch.optim.SGD(model_ft.parameters(), lr=0.001, momentum=0.9)
            exp_lr_scheduler = lr_scheduler.StepLR(optimizer_ft, step_size=7, gamma=0.1)
            criterion = torch.nn.CrossEntropyLoss()
            model_ft = train_model(model_ft, criterion, optimizer_ft, exp_lr_scheduler)
            """,
        ),
        Example(
            "behind-backward-in-a-method",
            """
            import torch

            class A:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())
                    self.sched = torch.optim.lr_scheduler.ExponentialLR(self.opt, 0.99)

                def optimize(self, loss):
                    self.opt.zero_grad()
                    loss.backward()
                    self.sched.step()  # <- here
                    self.opt.step()

                def train(self):
                    for i in range(100):
                        self.optimize(self.net(self.sample()).mean())
            """,
        ),
        Example(
            "inner-function",
            """
            import torch

            def train(model, loader):
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                lr_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)

                def update(loss):
                    optimizer.zero_grad()
                    loss.backward()
                    lr_scheduler.step()  # <- here
                    optimizer.step()
                for x in loader:
                    update(model(x).mean())
            """,
        ),
        Example(
            "scheduler-as-an-argument",
            """
            import torch

            def train(model, loader, optimizer, scheduler):
                for x in loader:
                    loss = model(x).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    scheduler.step()  # <- here
                    optimizer.step()
            """,
        ),
    ),
    "GRD321": (
        Example(
            "forward-backward-method",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())

                def forward_backward(self, x):
                    self.opt.zero_grad()  # <- here
                    loss = self.model(x).mean() / 4
                    loss.backward()

                def train(self, loader):
                    for i, x in enumerate(loader):
                        self.forward_backward(x)
                        if (i + 1) % 4 == 0:
                            self.opt.step()
            """,
        ),
        Example(
            "last-batch-as-well",
            """
            import torch

            def train(model, loader, optimizer, accumulation_steps):
                for i, x in enumerate(loader):
                    model.zero_grad()  # <- here
                    loss = model(x).mean() / accumulation_steps
                    loss.backward()
                    if (i + 1) % accumulation_steps == 0 or i + 1 == len(loader):
                        optimizer.step()
            """,
        ),
        Example(
            "counter",
            """
            import torch

            def train(model, loader, optimizer, accumulation_steps):
                step = 0
                for x in loader:
                    optimizer.zero_grad()  # <- here
                    loss = model(x).mean() / accumulation_steps
                    loss.backward()
                    step += 1
                    if step == accumulation_steps:
                        optimizer.step()
                        step = 0
            """,
        ),
        Example(
            "test-in-a-variable",
            """
            import torch

            def train(model, loader, optimizer, accumulation_steps):
                for i, x in enumerate(loader):
                    loss = model(x).mean() / accumulation_steps
                    loss.backward()
                    should_step = (i + 1) % accumulation_steps == 0
                    if should_step:
                        optimizer.step()
                    optimizer.zero_grad()  # <- here
            """,
        ),
        Example(
            "clip-function",
            """
            import torch

            def clip(model):
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here

            def train(model, loader, optimizer, accumulation_steps):
                for i, x in enumerate(loader):
                    loss = model(x).mean() / accumulation_steps
                    loss.backward()
                    clip(model)
                    if i % accumulation_steps == 0:
                        optimizer.step()
                        optimizer.zero_grad()
            """,
        ),
    ),
    "GRD322": (
        Example(
            "step-method",
            """
            import torch

            class T:
                def __init__(self, model):
                    self.model = model
                    self.opt = torch.optim.Adam(model.parameters())

                def step(self, x):
                    loss = self.model(x).mean()
                    loss.backward()
                    self.opt.step()

                def fit(self, loader):
                    for epoch in range(5):
                        self.opt.zero_grad()  # <- here
                        for x in loader:
                            self.step(x)
            """,
        ),
        Example(
            "once-in-a-function",
            """
            import torch

            def train_one_epoch(model, loader, optimizer):
                model.train()
                optimizer.zero_grad()  # <- here
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "epoch-function",
            """
            import torch

            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.Adam(model.parameters())

            def train_epoch(loader):
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()

            for epoch in range(10):
                optimizer.zero_grad()  # <- here
                train_epoch(loader)
            """,
        ),
        Example(
            "behind-the-epoch",
            """
            import torch

            for epoch in range(10):
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
                optimizer.zero_grad()  # <- here
            """,
        ),
        Example(
            "once-for-all",
            """
            import torch

            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.Adam(model.parameters())
            optimizer.zero_grad()  # <- here
            for epoch in range(10):
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
