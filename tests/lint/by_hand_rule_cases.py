"""Steps that code takes by hand: of tensors, and of a LightningModule that optimizes itself."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD306": (
        Example(
            "attack-of-each-batch",
            """
            import torch
            def attack(model, loader, eps):
                for x, y in loader:
                    x.requires_grad_(True)
                    loss = torch.nn.functional.cross_entropy(model(x), y)
                    loss.backward()
                    x.data += eps * x.grad.sign()
            """,
        ),
        Example(
            "made-anew-each-time",
            """
            import torch
            for trial in range(5):
                w = torch.randn(3, requires_grad=True)
                loss = (w ** 2).sum()
                loss.backward()
                with torch.no_grad():
                    w -= 0.1 * w.grad
            """,
        ),
        Example(
            "fast-weights",
            """
            import torch
            for task in tasks:
                fast = [p.clone().detach().requires_grad_() for p in model.parameters()]
                loss = f(fast, task)
                loss.backward()
                for p in fast:
                    p.data -= 0.1 * p.grad
            """,
        ),
        Example(
            "cleared-by-somebody",
            """
            import torch
            from d2l import zero
            w = torch.randn(3, requires_grad=True)
            for i in range(10):
                (w ** 2).sum().backward()
                with torch.no_grad():
                    w -= 0.1 * w.grad
                zero(w)
            """,
        ),
        Example(
            "leaf-made-anew",
            """
            import torch
            w = torch.randn(3, requires_grad=True)
            for i in range(10):
                (w ** 2).sum().backward()
                w = (w - 0.1 * w.grad).detach().requires_grad_()
            """,
        ),
        Example(
            "a-single-step",
            """
            import torch
            w = torch.randn(3, requires_grad=True)
            (w ** 2).sum().backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
            for i in range(10):
                print(w)
            """,
        ),
        Example(
            "lightning-accumulates",
            """
            import lightning as L, torch
            from torch import nn
            class Lit(L.LightningModule):
                def __init__(self, model):
                    super().__init__(); self.model = model; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    opt = self.optimizers()
                    sch = self.lr_schedulers()
                    x, y = batch
                    loss = nn.functional.cross_entropy(self.model(x), y) / 4
                    self.manual_backward(loss)
                    if (batch_idx + 1) % 4 == 0:
                        self.clip_gradients(opt, gradient_clip_val=1.0)
                        opt.step()
                        opt.zero_grad()
                        sch.step()
                def configure_optimizers(self):
                    o = torch.optim.Adam(self.parameters(), 1e-4)
                    return [o], [torch.optim.lr_scheduler.StepLR(o, 1)]
            """,
        ),
        Example(
            "lightning-hook-clears",
            """
            import lightning as L, torch
            from torch import nn
            class Lit(L.LightningModule):
                def __init__(self, g, d):
                    super().__init__(); self.g, self.d = g, d; self.automatic_optimization = False
                def on_train_batch_start(self, batch, batch_idx):
                    for o in self.optimizers():
                        o.zero_grad()
                def training_step(self, batch, batch_idx):
                    og, od = self.optimizers()
                    z = torch.randn(8, 4)
                    lg = -self.d(self.g(z)).mean()
                    self.manual_backward(lg)
                    og.step()
                    ld = self.d(self.g(z).detach()).mean() - self.d(batch).mean()
                    self.manual_backward(ld)
                    od.step()
                def configure_optimizers(self):
                    g = torch.optim.Adam(self.g.parameters(), 1e-4)
                    return g, torch.optim.Adam(self.d.parameters(), 1e-4)
            """,
        ),
        Example(
            "lightning-gan",
            """
            import pytorch_lightning as pl, torch
            class Lit(pl.LightningModule):
                def __init__(self, g, d):
                    super().__init__(); self.g, self.d = g, d; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    og, od = self.optimizers()
                    self.toggle_optimizer(og)
                    z = torch.randn(8, 4)
                    lg = -self.d(self.g(z)).mean()
                    og.zero_grad()
                    self.manual_backward(lg)
                    og.step()
                    self.untoggle_optimizer(og)
                    self.toggle_optimizer(od)
                    ld = self.d(self.g(z).detach()).mean() - self.d(batch).mean()
                    od.zero_grad()
                    self.manual_backward(ld)
                    od.step()
                    self.untoggle_optimizer(od)
                def configure_optimizers(self):
                    g = torch.optim.Adam(self.g.parameters(), 1e-4)
                    return [g, torch.optim.Adam(self.d.parameters(), 1e-4)], []
            """,
        ),
        Example(
            "lightning-closure",
            """
            import pytorch_lightning as pl, torch
            class Lit(pl.LightningModule):
                def __init__(self, net):
                    super().__init__(); self.net = net; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    opt = self.optimizers(use_pl_optimizer=False)
                    def closure():
                        loss = self.net(batch).mean()
                        opt.zero_grad()
                        self.manual_backward(loss)
                        return loss
                    opt.step(closure=closure)
                def configure_optimizers(self):
                    return torch.optim.LBFGS(self.net.parameters())
            """,
        ),
    ),
    "GRD502": (
        Example(
            "reparametrised-in-many-ways",
            """
            import torch, torch.nn as nn
            class V(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.e = nn.Linear(8, 4); self.d = nn.Linear(2, 8)
                def reparameterize(self, mu, log_var):
                    if self.training:
                        std = (0.5 * log_var).exp()
                        eps = torch.autograd.Variable(std.data.new(std.size()).normal_())
                        return eps.mul(std).add_(mu)
                    return mu
                def reparam2(self, mu, logvar):
                    std = torch.exp(logvar / 2)
                    q = torch.distributions.Normal(mu, std)
                    return q.rsample()
                def reparam3(self, mu, logvar):
                    eps = torch.normal(0, 1, size=mu.shape)
                    return mu + eps * logvar.exp()
                def reparam4(self, mu, logvar):
                    eps = torch.normal(torch.zeros_like(mu), torch.ones_like(mu))
                    return mu + eps * logvar.exp()
                def forward(self, x):
                    mu, lv = self.e(x).chunk(2, 1)
                    return self.d(self.reparameterize(mu, lv)), mu, lv
            def reparametrize(mu, std):
                z = torch.randn(mu.shape)
                return mu + z * std.clamp(min=1e-4)
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD502": (
        Example(
            "drawn-without-a-gradient",
            """
            import torch
            from torch import nn
            class VAE(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 400)
                    self.fc21 = nn.Linear(400, 20)
                    self.fc22 = nn.Linear(400, 20)
                    self.fc3 = nn.Linear(20, 784)
                def encode(self, x):
                    h1 = torch.relu(self.fc1(x))
                    return self.fc21(h1), self.fc22(h1)
                def reparameterize(self, mu, logvar):
                    std = torch.exp(0.5 * logvar)
                    return torch.normal(mu, std)  # <- here
                def forward(self, x):
                    mu, logvar = self.encode(x.view(-1, 784))
                    z = self.reparameterize(mu, logvar)
                    return torch.sigmoid(self.fc3(z)), mu, logvar
            """,
        ),
    ),
    "GRD503": (
        Example(
            "mean-detached-in-the-draw",
            """
            import torch, torch.nn as nn
            class V(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.e = nn.Linear(8, 4); self.d = nn.Linear(2, 8)
                def reparameterize(self, mu, log_var):
                    std = (0.5 * log_var).exp()
                    eps = torch.randn_like(std)
                    return mu.detach() + eps * std  # <- here
                def forward(self, x):
                    mu, lv = self.e(x).chunk(2, 1)
                    return self.d(self.reparameterize(mu, lv)), mu, lv
            """,
        ),
    ),
    "GRD306": (
        Example(
            "by-hand-without-gradient",
            """
            import torch
            w = torch.randn(3, 1, requires_grad=True)
            b = torch.zeros(1, requires_grad=True)
            for i in range(100):
                pred = X @ w + b
                loss = ((pred - y) ** 2).mean()
                loss.backward()
                with torch.no_grad():
                    w -= 0.01 * w.grad  # <- here
                    b -= 0.01 * b.grad
            """,
        ),
        Example(
            "by-hand-over-parameters",
            """
            import torch
            from torch import nn
            net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
            for epoch in range(100):
                for x, y in loader:
                    loss = ((net(x) - y) ** 2).mean()
                    loss.backward()
                    for p in net.parameters():
                        p.data -= 0.01 * p.grad.data  # <- here
            """,
        ),
        Example(
            "by-hand-in-a-function",
            """
            import torch
            def sgd(params, lr):
                for p in params:
                    p.data.sub_(lr * p.grad)  # <- here
            w = torch.randn(2, 1, requires_grad=True)
            b = torch.zeros(1, requires_grad=True)
            for epoch in range(3):
                for X, y in it():
                    l = ((X @ w + b - y) ** 2).mean()
                    l.backward()
                    sgd([w, b], 0.03)
            """,
        ),
        Example(
            "by-hand-of-an-object",
            """
            import torch
            class Model:
                def __init__(self):
                    self.w = torch.randn(3, requires_grad=True)
                def fit(self, X, y, n=100, lr=.1):
                    for _ in range(n):
                        loss = ((X @ self.w - y) ** 2).mean()
                        loss.backward()
                        self.w.data = self.w.data - lr * self.w.grad  # <- here
            """,
        ),
        Example(
            "lightning-by-hand",
            """
            import pytorch_lightning as pl, torch
            class Lit(pl.LightningModule):
                def __init__(self, net):
                    super().__init__(); self.net = net; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    opt = self.optimizers()
                    loss = self._loss(batch)
                    self.manual_backward(loss)
                    opt.step()  # <- here
                    self.log("loss", loss.item())
                def _loss(self, batch):
                    x, y = batch
                    return torch.nn.functional.mse_loss(self.net(x), y)
                def configure_optimizers(self):
                    return torch.optim.Adam(self.net.parameters(), 1e-4)
            """,
        ),
    ),
    "GRD302": (
        Example(
            "lightning-by-hand",
            """
            import lightning as L, torch
            from torch import nn
            class Lit(L.LightningModule):
                def __init__(self, model):
                    super().__init__(); self.model = model; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    opt = self.optimizers()
                    x, y = batch
                    loss = nn.functional.cross_entropy(self.model(x), y)
                    opt.zero_grad()
                    self.manual_backward(loss)
                    opt.step()
                    self.clip_gradients(opt, gradient_clip_val=1.0)  # <- here
                def configure_optimizers(self):
                    return torch.optim.Adam(self.parameters(), 1e-4)
            """,
        ),
    ),
    "GRD307": (
        Example(
            "lightning-by-hand",
            """
            import lightning as L, torch
            from torch import nn
            class Lit(L.LightningModule):
                def __init__(self, model):
                    super().__init__(); self.model = model; self.automatic_optimization = False
                def training_step(self, batch, batch_idx):
                    opt = self.optimizers()
                    x, y = batch
                    loss = nn.functional.cross_entropy(self.model(x), y)
                    self.manual_backward(loss)
                    opt.zero_grad()  # <- here
                    opt.step()
                def configure_optimizers(self):
                    return torch.optim.Adam(self.parameters(), 1e-4)
            """,
        ),
    ),
}
