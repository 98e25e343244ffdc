"""Gradients that nothing clears, in methods, closures and loops, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD306": (
        Example(
            "several-optimizers-cleared",
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
            """,
        ),
        Example(
            "comprehensions",
            """
            import torch

            def train(self, loader, opts):
                for x in loader:
                    [o.zero_grad() for o in opts]
                    loss = self.f(x)
                    loss.backward()
                    [o.step() for o in opts]
            """,
        ),
        Example(
            "reset-method",
            """
            import torch

            class A:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def learn(self, x):
                    loss = self.net(x).mean()
                    loss.backward()
                    self.opt.step()

                def reset(self):
                    self.opt.zero_grad()
            """,
        ),
        Example(
            "optimizer-of-a-base-class",
            """
            import torch

            class M(Base):
                def learn(self, x):
                    loss = self.net(x).mean()
                    loss.backward()
                    self.optimizer.step()
            """,
        ),
        Example(
            "one-step",
            """
            import torch

            def one(model, x):
                opt = torch.optim.SGD(model.parameters(), lr=0.1)
                loss = model(x).sum()
                loss.backward()
                opt.step()
            """,
        ),
        Example(
            "cleared-by-the-caller",
            """
            import torch

            class Agent:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = torch.optim.Adam(net.parameters())

                def learn(self, batch):
                    loss = self.net(batch).mean()
                    loss.backward()
                    self.optimizer.step()

                def run(self):
                    for i in range(9):
                        self.optimizer.zero_grad()
                        self.learn(self.sample())
            """,
        ),
        Example(
            "both-of-a-gan",
            """
            import torch

            def train(G, D, loader):
                optG = torch.optim.Adam(G.parameters())
                optD = torch.optim.Adam(D.parameters())
                for x in loader:
                    for o in (optG, optD):
                        o.zero_grad()
                    lossD = D(x).mean()
                    lossD.backward()
                    optD.step()
                    lossG = D(G(x)).mean()
                    lossG.backward()
                    optG.step()
            """,
        ),
        Example(
            "one-model-is-a-part-of-the-other",
            """
            import torch

            def train(model, loader):
                opt1 = torch.optim.Adam(model.parameters())
                opt2 = torch.optim.Adam(model.head.parameters())
                for x in loader:
                    opt1.zero_grad()
                    model(x).mean().backward()
                    opt1.step()
                    model(x).sum().backward()
                    opt2.step()
            """,
        ),
        Example(
            "dcgan",
            """
            import torch
            from torch import nn

            netG = nn.Linear(3, 3).cuda()
            netD = nn.DataParallel(nn.Linear(3, 1)).cuda()
            optimizerG = torch.optim.Adam(netG.parameters())
            optimizerD = torch.optim.Adam(netD.parameters())
            for x in loader:
                netD.zero_grad()
                D_loss = netD(netG(x).detach()).mean()
                D_loss.backward()
                optimizerD.step()
                netG.zero_grad()
                errG = netD(netG(x)).mean()
                errG.backward()
                optimizerG.step()
            """,
        ),
        Example(
            "reset-grad",
            """
            import torch

            class Solver(object):
                def build(self):
                    self.G = Generator()
                    self.D = Discriminator()
                    self.g_optimizer = torch.optim.Adam(self.G.parameters())
                    self.d_optimizer = torch.optim.Adam(self.D.parameters())

                def reset_grad(self):
                    self.g_optimizer.zero_grad()
                    self.d_optimizer.zero_grad()

                def train(self):
                    for i in range(10):
                        d_loss = self.D(self.x).mean()
                        self.reset_grad()
                        d_loss.backward()
                        self.d_optimizer.step()
                        g_loss = self.D(self.G(self.z)).mean()
                        self.reset_grad()
                        g_loss.backward()
                        self.g_optimizer.step()
            """,
        ),
        Example(
            "backward-methods",
            """
            import torch

            class Model(BaseModel):
                def __init__(self):
                    self.netG = define_G()
                    self.netD = define_D()
                    self.optimizer_G = torch.optim.Adam(self.netG.parameters())
                    self.optimizer_D = torch.optim.Adam(self.netD.parameters())
                    self.optimizers = [self.optimizer_G, self.optimizer_D]

                def backward_D(self):
                    self.loss_D = self.netD(self.fake.detach()).mean()
                    self.loss_D.backward()

                def backward_G(self):
                    self.loss_G = self.netD(self.fake).mean()
                    self.loss_G.backward()

                def forward(self):
                    self.fake = self.netG(self.real)

                def optimize_parameters(self):
                    self.forward()
                    self.set_requires_grad(self.netD, True)
                    self.optimizer_D.zero_grad()
                    self.backward_D()
                    self.optimizer_D.step()
                    self.set_requires_grad(self.netD, False)
                    self.optimizer_G.zero_grad()
                    self.backward_G()
                    self.optimizer_G.step()
            """,
        ),
        Example(
            "grad-set-to-none",
            """
            import torch

            class Learner:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def step(self, loss):
                    loss.backward()
                    self.opt.step()
                    for p in self.net.parameters():
                        p.grad = None
            """,
        ),
        Example(
            "model-cleared",
            """
            import torch

            class Learner:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def step(self, loss):
                    loss.backward()
                    self.opt.step()
                    self.net.zero_grad()
            """,
        ),
        Example(
            "closure-clears",
            """
            import torch

            def fit_once(model, x, y):
                optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100)

                def closure():
                    optimizer.zero_grad()
                    loss = ((model(x) - y) ** 2).mean()
                    loss.backward()
                    return loss
                optimizer.step(closure)
            """,
        ),
        Example(
            "joint-optimizer",
            """
            import torch

            class P:
                def __init__(self, actor, critic):
                    self.actor, self.critic = actor, critic
                    self.optim = torch.optim.Adam([*actor.parameters(), *critic.parameters()])
                    self.optim_c = torch.optim.Adam(critic.parameters())

                def learn(self, b):
                    for x in b:
                        self.optim.zero_grad()
                        (self.actor(x) + self.critic(x)).mean().backward()
                        self.optim.step()
                        self.critic(x).mean().backward()
                        self.optim_c.step()
            """,
        ),
        Example(
            "wrapper-of-an-optimizer",
            """
            import torch

            class Optim:
                def __init__(self, params):
                    self.optimizer = torch.optim.Adam(params)

                def step(self):
                    self.optimizer.step()

                def zero_grad(self):
                    self.optimizer.zero_grad()
            """,
        ),
        Example(
            "gradients-from-elsewhere",
            """
            import torch

            class Worker:
                def __init__(self, model):
                    self.model = model
                    self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

                def apply(self, grads):
                    for p, g in zip(self.model.parameters(), grads):
                        p.grad = g
                    self.optimizer.step()
            """,
        ),
        Example(
            "callbacks",
            """
            import torch

            class Worker:
                def __init__(self, model):
                    self.model = model
                    self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

                def before_batch(self):
                    self.optimizer.zero_grad()

                def after_batch(self, loss):
                    loss.backward()
                    self.optimizer.step()
            """,
        ),
        Example(
            "new-optimizer-each-time",
            """
            import torch

            def fit(models, loader):
                for m in models:
                    opt = torch.optim.Adam(m.parameters())
                    m(loader).mean().backward()
                    opt.step()
            """,
        ),
        Example(
            "cleared-ahead-of-the-helper",
            """
            import torch

            class Adversary:
                def __init__(self, net):
                    self.net = net
                    self.optim = torch.optim.SGD(net.parameters(), lr=0.1)

                def run(self, loader):
                    for x in loader:
                        self.optim.zero_grad()
                        self._one(x)

                def _one(self, x):
                    self.net(x).mean().backward()
                    self.optim.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD306": (
        Example(
            "nothing-defined-here",
            """
            import torch

            for epoch in range(100):
                for x, y in loader:
                    out = model(x)
                    loss = criterion(out, y)
                    loss.backward()
                    optimizer.step()  # <- here
            """,
        ),
        Example(
            "learn-method",
            """
            import torch

            class Agent:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = torch.optim.Adam(net.parameters())

                def learn(self, batch):
                    loss = self.net(batch).mean()
                    loss.backward()
                    self.optimizer.step()  # <- here

                def run(self, episodes):
                    for e in range(episodes):
                        self.learn(self.sample())
            """,
        ),
        Example(
            "learn-method-that-nobody-calls",
            """
            import torch
            import torch.nn.functional as F

            class DQNAgent:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = torch.optim.Adam(net.parameters())

                def learn(self, s, a, r, s2):
                    q = self.net(s).gather(1, a)
                    target = r + 0.99 * self.net(s2).max(1)[0].detach()
                    loss = F.mse_loss(q, target)
                    loss.backward()
                    self.optimizer.step()  # <- here
                    return loss.item()
            """,
        ),
        Example(
            "two-helpers",
            """
            import torch

            class T:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def _backward(self, loss):
                    loss.backward()

                def _step(self):
                    self.opt.step()  # <- here

                def fit(self, loader):
                    for e in range(3):
                        for x, y in loader:
                            loss = ((self.net(x) - y) ** 2).mean()
                            self._backward(loss)
                            self._step()
            """,
        ),
        Example(
            "one-of-a-gan",
            """
            import torch
            from torch import nn, optim

            G = nn.Linear(8, 8)
            D = nn.Linear(8, 1)
            optG = optim.Adam(G.parameters())
            optD = optim.Adam(D.parameters())
            bce = nn.BCEWithLogitsLoss()
            for epoch in range(10):
                for real, _ in loader:
                    fake = G(torch.randn(4, 8))
                    lossD = bce(D(real), ones) + bce(D(fake.detach()), zeros)
                    optD.zero_grad()
                    lossD.backward()
                    optD.step()
                    lossG = bce(D(fake), torch.ones(4, 1))
                    lossG.backward()
                    optG.step()  # <- here
            """,
        ),
        Example(
            "one-method-of-a-gan",
            """
            import torch

            class GAN:
                def __init__(self, gen, disc):
                    self.gen = gen
                    self.disc = disc
                    self.optimizer_G = torch.optim.Adam(self.gen.parameters(), lr=2e-4)
                    self.optimizer_D = torch.optim.Adam(self.disc.parameters(), lr=2e-4)

                def train_D(self, real):
                    fake = self.gen(self.noise()).detach()
                    loss = self.disc(fake).mean() - self.disc(real).mean()
                    loss.backward()
                    self.optimizer_D.step()  # <- here

                def train_G(self):
                    self.optimizer_G.zero_grad()
                    loss = -self.disc(self.gen(self.noise())).mean()
                    loss.backward()
                    self.optimizer_G.step()

                def fit(self, loader):
                    for epoch in range(3):
                        for real in loader:
                            self.train_D(real)
                            self.train_G()
            """,
        ),
        Example(
            "actor-of-an-actor-critic",
            """
            import torch

            class AC:
                def __init__(self, actor, critic):
                    self.actor, self.critic = actor, critic
                    self.actor_optimizer = torch.optim.Adam(actor.parameters())
                    self.critic_optimizer = torch.optim.Adam(critic.parameters())

                def update(self, s, a, target):
                    critic_loss = (self.critic(s, a) - target).pow(2).mean()
                    self.critic_optimizer.zero_grad()
                    critic_loss.backward()
                    self.critic_optimizer.step()
                    actor_loss = -self.critic(s, self.actor(s)).mean()
                    actor_loss.backward()
                    self.actor_optimizer.step()  # <- here

                def train(self):
                    while True:
                        self.update(*self.buffer.sample())
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
                        loss = sum(m(x).mean() for m in self.models)
                        loss.backward()
                        for optimizer in self.optimizers:
                            optimizer.step()  # <- here
            """,
        ),
        Example(
            "dict-of-optimizers",
            """
            import torch

            def train(nets, loader):
                opts = {k: torch.optim.SGD(n.parameters(), lr=0.1) for k, n in nets.items()}
                for x in loader:
                    loss = nets["a"](nets["b"](x)).sum()
                    loss.backward()
                    for name, opt in opts.items():
                        opt.step()  # <- here
            """,
        ),
        Example(
            "step-function",
            """
            import torch

            def train_step(model, optimizer, x, y):
                loss = torch.nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
                return loss.item()

            def main():
                model = torch.nn.Linear(3, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                for i in range(100):
                    x, y = get()
                    train_step(model, optimizer, x, y)
            """,
        ),
        Example(
            "closure",
            """
            import torch

            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:

                def closure():
                    loss = ((model(x) - y) ** 2).mean()
                    loss.backward()
                    return loss
                optimizer.step(closure)  # <- here
            """,
        ),
        Example(
            "lbfgs-closure",
            """
            import torch

            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.LBFGS(model.parameters())

            def closure():
                loss = ((model(x) - y) ** 2).mean()
                loss.backward()
                return loss

            for i in range(10):
                optimizer.step(closure)  # <- here
            """,
        ),
        Example(
            "another-model-is-cleared",
            """
            import torch

            net = torch.nn.Linear(3, 1)
            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.Adam(net.parameters())
            for x, y in loader:
                model.zero_grad()
                loss = ((net(x) - y) ** 2).mean()
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
        Example(
            "through-a-scaler",
            """
            import torch

            class Trainer:
                def __init__(self, model):
                    self.model = model
                    self.optimizer = torch.optim.AdamW(model.parameters())
                    self.scaler = torch.cuda.amp.GradScaler()

                def train_epoch(self, loader):
                    for x in loader:
                        with torch.cuda.amp.autocast():
                            loss = self.model(x).mean()
                        self.scaler.scale(loss).backward()
                        self.scaler.step(self.optimizer)  # <- here
                        self.scaler.update()
            """,
        ),
        Example(
            "accumulating",
            """
            import torch

            def train(model, loader, optimizer):
                for i, (x, y) in enumerate(loader):
                    loss = torch.nn.functional.cross_entropy(model(x), y) / 4
                    loss.backward()
                    if (i + 1) % 4 == 0:
                        optimizer.step()  # <- here
            """,
        ),
        Example(
            "optimizers-of-an-object",
            """
            import torch

            class Agent:
                def __init__(self, nets):
                    self.nets = nets
                    self.optimizers = [torch.optim.Adam(n.parameters()) for n in nets]

                def update(self, x):
                    loss = sum(n(x).mean() for n in self.nets)
                    loss.backward()
                    for opt in self.optimizers:
                        opt.step()  # <- here
            """,
        ),
        Example(
            "optimize-method",
            """
            import torch

            class T(object):
                def __init__(self, args):
                    self.model = make(args)
                    self.optim = torch.optim.SGD(self.model.parameters(), lr=args.lr)

                def optimize_step(self, loss):
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                    self.optim.step()  # <- here
            """,
        ),
    ),
}
