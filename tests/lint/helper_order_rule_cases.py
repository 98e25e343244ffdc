"""Steps in the wrong order in helper methods, closures and loops, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD302": (
        Example(
            "option-of-a-function-in-place",
            """
            import torch

            def train(model, loader, opt, clip=None):
                for x in loader:
                    opt.zero_grad()
                    loss = model(x)
                    loss.backward()
                    if clip:
                        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
                    opt.step()
            """,
        ),
        Example(
            "option-of-an-object-in-place",
            """
            import torch
            from torch.nn.utils import clip_grad_value_

            class T:
                def __init__(self, model, clip=None):
                    self.model, self.clip = model, clip_grad
                    self.opt = torch.optim.Adam(model.parameters())

                def step(self, x):
                    loss = self.model(x)
                    loss.backward()
                    if self.clip is not None:
                        clip_grad_value_(self.model.parameters(), self.clip)
                    self.opt.step()
                    self.opt.zero_grad()
            """,
        ),
        Example(
            "each-optimizer-steps-and-is-cleared",
            """
            import torch

            def step(loss, optimizers):
                loss.backward()
                for o in optimizers:
                    o.step()
                    o.zero_grad()
            """,
        ),
        Example(
            "clip-in-a-method",
            """
            import torch
            from torch import nn

            class A:
                def update(self, loss):
                    self.opt.zero_grad()
                    loss.backward()
                    self.clip()
                    self.opt.step()

                def clip(self):
                    nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)

                def a(self, x):
                    self.update(self.net(x).mean())
                    self.update(self.net(x).sum())
            """,
        ),
        Example(
            "other-branch",
            """
            import torch

            class A:
                def ppo(self):
                    for x in self.buffer:
                        loss = self.net(x).mean()
                        if self.first:
                            self.optimizer.zero_grad()
                            loss.backward()
                            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
                            self.optimizer.step()
                        else:
                            self.clip_only()

                def clip_only(self):
                    self.optimizer.step()
                    norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), float("inf"))
                    log(norm)
            """,
        ),
    ),
    "GRD303": (
        Example(
            "unscaled-if-it-clips",
            """
            import torch
            from torch.nn.utils import clip_grad_norm_

            class T:
                def __init__(self, model, max_norm=0.0):
                    self.model, self.max_norm = model, max_norm
                    self.opt = torch.optim.Adam(model.parameters())
                    self.scaler = torch.cuda.amp.GradScaler()

                def step(self, x):
                    self.opt.zero_grad()
                    with torch.autocast("cuda"):
                        loss = self.model(x)
                    self.scaler.scale(loss).backward()
                    if self.max_norm > 0:
                        self.scaler.unscale_(self.opt)
                        clip_grad_norm_(self.model.parameters(), self.max_norm)
                    self.scaler.step(self.opt)
                    self.scaler.update()
            """,
        ),
        Example(
            "scaler-class",
            """
            import torch

            class NativeScaler:
                def __init__(self):
                    self._scaler = torch.cuda.amp.GradScaler()

                def __call__(self, loss, optimizer, clip_grad=None, parameters=None):
                    self._scaler.scale(loss).backward()
                    if clip_grad is not None:
                        self._scaler.unscale_(optimizer)
                        torch.nn.utils.clip_grad_norm_(parameters, clip_grad)
                    self._scaler.step(optimizer)
                    self._scaler.update()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD302": (
        Example(
            "three-helpers",
            """
            import torch
            import torch.nn as nn

            class Agent:
                def __init__(self, net, lr=1e-3):
                    self.net = net
                    self.optimizer = torch.optim.Adam(self.net.parameters(), lr=lr)

                def _backward(self, loss):
                    self.optimizer.zero_grad()
                    loss.backward()

                def _apply(self):
                    self.optimizer.step()

                def _clip(self):
                    nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)  # <- here

                def learn(self, batch):
                    loss = self.net(batch).mean()
                    self._backward(loss)
                    self._apply()
                    self._clip()
                    return loss.item()
            """,
        ),
        Example(
            "clamp-function",
            """
            import torch
            from torch import nn

            def clip_gradient(model, clip_value):
                params = list(filter(lambda p: p.grad is not None, model.parameters()))
                for p in params:
                    p.grad.data.clamp_(-clip_value, clip_value)  # <- here

            def train_model(model, train_iter, epoch):
                optim = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()))
                model.train()
                for idx, batch in enumerate(train_iter):
                    optim.zero_grad()
                    prediction = model(batch.text[0])
                    loss = nn.functional.cross_entropy(prediction, batch.label)
                    loss.backward()
                    optim.step()
                    clip_gradient(model, 1e-1)
            """,
        ),
        Example(
            "called-from-fit",
            """
            import torch

            class Solver:
                def __init__(self, config):
                    self.model = build(config)
                    self.opt = torch.optim.SGD(self.model.parameters(), lr=config.lr)

                def train_step(self, batch):
                    self.opt.zero_grad()
                    loss = self.model(batch)
                    loss.backward()
                    self.opt.step()
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)  # <- here
                    return loss.item()

                def fit(self, loader):
                    for e in range(10):
                        for b in loader:
                            self.train_step(b)
            """,
        ),
        Example(
            "behind-the-scheduler",
            """
            import torch
            from torch.nn.utils import clip_grad_norm_
            from torch.optim.lr_scheduler import StepLR

            def train(device, iterations, start, clip_gradient_norm, loader):
                model = OnsetsAndFrames(1, 2, 3).to(device)
                optimizer = torch.optim.Adam(model.parameters(), 0.001)
                scheduler = StepLR(optimizer, step_size=1000, gamma=0.9)
                loop = tqdm(range(start + 1, iterations + 1))
                for i, batch in zip(loop, cycle(loader)):
                    predictions, losses = model.run_on_batch(batch)
                    loss = sum(losses.values())
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                    if clip_gradient_norm:
                        clip_grad_norm_(model.parameters(), clip_gradient_norm)  # <- here
            """,
        ),
        Example(
            "behind-a-closure",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 8)
            optimizer = torch.optim.Adam(model.parameters())
            for x in loader:

                def closure():
                    optimizer.zero_grad()
                    loss = model(x)[0].sum()
                    loss.backward()
                    return loss
                optimizer.step(closure)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
            """,
        ),
        Example(
            "unscaled-behind-the-step",
            """
            import torch
            from torch import nn

            def step(model, opt, scaler, loss):
                opt.zero_grad()
                scaler.scale(loss).backward()
                scaler.step(opt)
                scaler.unscale_(opt)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.update()
            """,
        ),
        Example(
            "one-of-two-methods",
            """
            import torch

            class GAN:
                def __init__(self, G, D):
                    self.G, self.D = G, D
                    self.g_opt = torch.optim.Adam(self.G.parameters())
                    self.d_opt = torch.optim.Adam(self.D.parameters())

                def train_d(self, real, fake):
                    self.d_opt.zero_grad()
                    loss = self.D(fake.detach()).mean() - self.D(real).mean()
                    loss.backward()
                    self.d_opt.step()
                    torch.nn.utils.clip_grad_norm_(self.D.parameters(), 1.0)  # <- here

                def train_g(self, z):
                    self.g_opt.zero_grad()
                    loss = -self.D(self.G(z)).mean()
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(self.G.parameters(), 1.0)
                    self.g_opt.step()

                def fit(self, loader):
                    for real in loader:
                        z = torch.randn(len(real), 8)
                        self.train_d(real, self.G(z))
                        self.train_g(z)
            """,
        ),
        Example(
            "several-optimizers",
            """
            import torch

            class T:
                def __init__(self, models):
                    self.models = models
                    self.optimizers = [torch.optim.Adam(m.parameters()) for m in models]

                def train(self, loader):
                    for x in loader:
                        for optimizer in self.optimizers:
                            optimizer.zero_grad()
                        loss = sum(m(x).mean() for m in self.models)
                        loss.backward()
                        for optimizer in self.optimizers:
                            optimizer.step()
                        for m in self.models:
                            torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)  # <- here
            """,
        ),
        Example(
            "switched-on-by-a-caller",
            """
            import torch as th

            class Trainer:
                def __init__(self, model, optimizer):
                    self._model = model
                    self.optimizer = optimizer

                def fit(self, loader, num_epochs, max_norm=None):
                    model = self._model
                    for epoch in range(num_epochs):
                        model.train()
                        for i, blocks in enumerate(loader):
                            loss = model(blocks)
                            self.optimizer.zero_grad()
                            loss.backward()
                            rt_profiler.record('train_backward')
                            self.optimizer.step()
                            rt_profiler.record('train_step')
                            if max_norm is not None:
                                th.nn.utils.clip_grad_norm_(model.parameters(), max_norm)  # <- here
            """,
        ),
        Example(
            "clamped-in-a-loop",
            """
            import torch

            class Agent:
                def learn(self):
                    loss = self.compute()
                    self.optim.zero_grad()
                    loss.backward()
                    self.optim.step()
                    for p in self.net.parameters():
                        p.grad.data.clamp_(-1, 1)  # <- here
            """,
        ),
        Example(
            "option-of-a-function",
            """
            import torch

            def train(model, loader, opt, clip=None):
                for x in loader:
                    opt.zero_grad()
                    loss = model(x)
                    loss.backward()
                    opt.step()
                    if clip:
                        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)  # <- here
            """,
        ),
    ),
    "GRD303": (
        Example(
            "clip-in-the-step-method",
            """
            import torch
            from torch.cuda.amp import autocast, GradScaler

            class Trainer:
                def __init__(self, model):
                    self.model = model
                    self.optimizer = torch.optim.AdamW(model.parameters())
                    self.scaler = GradScaler()

                def clip(self):
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)  # <- here

                def backward(self, loss):
                    self.scaler.scale(loss).backward()

                def optimizer_step(self):
                    self.clip()
                    self.scaler.step(self.optimizer)
                    self.scaler.update()
                    self.optimizer.zero_grad()

                def train_epoch(self, loader):
                    for x in loader:
                        with autocast():
                            loss = self.model(x).mean()
                        self.backward(loss)
                        self.optimizer_step()
            """,
        ),
        Example(
            "accumulating",
            """
            import torch

            def train(model, loader, optimizer, scaler, scheduler, cfg):
                for step, batch in enumerate(loader):
                    with torch.cuda.amp.autocast():
                        loss = model(**batch).loss / cfg.accum
                    scaler.scale(loss).backward()
                    if (step + 1) % cfg.accum == 0:
                        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)  # <- here
                        scaler.step(optimizer)
                        scaler.update()
                        optimizer.zero_grad()
                        scheduler.step()
            """,
        ),
        Example(
            "step-function",
            """
            import torch

            def optimizer_step(model, optimizer, scaler):
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()

            def train(model, loader):
                optimizer = torch.optim.Adam(model.parameters())
                scaler = torch.amp.GradScaler()
                for x in loader:
                    with torch.autocast("cuda"):
                        loss = model(x).sum()
                    scaler.scale(loss).backward()
                    optimizer_step(model, optimizer, scaler)
            """,
        ),
        Example(
            "scaler-class-without-unscale",
            """
            import torch

            class NativeScaler:
                def __init__(self):
                    self._scaler = torch.cuda.amp.GradScaler()

                def __call__(self, loss, optimizer, clip_grad=None, parameters=None):
                    self._scaler.scale(loss).backward()
                    if clip_grad is not None:
                        torch.nn.utils.clip_grad_norm_(parameters, clip_grad)  # <- here
                    self._scaler.step(optimizer)
                    self._scaler.update()
            """,
        ),
        Example(
            "limit-of-an-object",
            """
            import torch
            from torch.nn.utils import clip_grad_norm_

            class T:
                def __init__(self, model, max_norm=0.0, amp=True):
                    self.model, self.max_norm = model, max_norm
                    self.opt = torch.optim.Adam(model.parameters())
                    self.scaler = torch.cuda.amp.GradScaler(enabled=amp)

                def step(self, x):
                    self.opt.zero_grad()
                    with torch.autocast("cuda"):
                        loss = self.model(x)
                    self.scaler.scale(loss).backward()
                    if self.max_norm > 0:
                        clip_grad_norm_(self.model.parameters(), self.max_norm)  # <- here
                    self.scaler.step(self.opt)
                    self.scaler.update()
            """,
        ),
    ),
    "GRD304": (
        Example(
            "update-of-an-agent",
            """
            import torch

            class Agent:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = torch.optim.Adam(net.parameters())

                def update(self, batch):
                    loss = self.net(batch).mean()
                    self.optimizer.zero_grad()
                    torch.nn.utils.clip_grad_norm_(self.net.parameters(), 0.5)  # <- here
                    loss.backward()
                    self.optimizer.step()

                def train(self):
                    for b in self.memory:
                        self.update(b)
            """,
        ),
        Example(
            "clip-function",
            """
            import torch

            def clip(net):
                torch.nn.utils.clip_grad_value_(net.parameters(), 1)  # <- here

            def train(net, data):
                opt = torch.optim.SGD(net.parameters(), lr=.1)
                for x, y in data:
                    opt.zero_grad()
                    clip(net)
                    loss = torch.nn.functional.mse_loss(net(x), y)
                    loss.backward()
                    opt.step()
            """,
        ),
        Example(
            "clamped-in-a-function",
            """
            import torch

            def clip(net):
                for p in net.parameters():
                    if p.grad is not None:
                        p.grad.data.clamp_(-1, 1)  # <- here

            class Agent:
                def learn(self):
                    loss = self.compute()
                    self.optim.zero_grad()
                    clip(self.net)
                    loss.backward()
                    self.optim.step()
            """,
        ),
        Example(
            "option-of-an-object",
            """
            import torch
            from torch.nn.utils import clip_grad_value_

            class T:
                def __init__(self, model, clip=None):
                    self.model, self.clip = model, clip_grad
                    self.opt = torch.optim.Adam(model.parameters())

                def step(self, x):
                    loss = self.model(x)
                    self.opt.zero_grad()
                    if self.clip is not None:
                        clip_grad_value_(self.model.parameters(), self.clip)  # <- here
                    loss.backward()
                    self.opt.step()
            """,
        ),
        Example(
            "nothing-defined-here",
            """
            import torch

            for epoch in range(100):
                for x, y in loader:
                    out = model(x)
                    loss = loss_fn(out, y)
                    optimizer.zero_grad()
                    nn.utils.clip_grad_norm_(model.parameters(), 5)  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
