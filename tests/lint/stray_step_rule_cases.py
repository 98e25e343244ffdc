"""Optimizers whose model no loss comes from, by the way to the loss, and look-alikes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD318": (
        Example(
            "generator-and-discriminator",
            """
            import torch

            def train(generator, discriminator, loader, criterion):
                optimizer_G = torch.optim.Adam(generator.parameters())
                optimizer_D = torch.optim.Adam(discriminator.parameters())
                for imgs, _ in loader:
                    optimizer_G.zero_grad()
                    fake = generator(torch.randn(4, 100))
                    g_loss = criterion(discriminator(fake), torch.ones(4, 1))
                    g_loss.backward()
                    optimizer_G.step()
                    optimizer_D.zero_grad()
                    d_loss = criterion(discriminator(fake.detach()), torch.zeros(4, 1))
                    d_loss.backward()
                    optimizer_D.step()
            """,
        ),
        Example(
            "encoder-and-decoder",
            """
            import torch

            def train(encoder, decoder, loader, criterion):
                e = torch.optim.Adam(encoder.parameters())
                d = torch.optim.Adam(decoder.parameters())
                for x, y in loader:
                    e.zero_grad()
                    d.zero_grad()
                    h = encoder(x)
                    loss = criterion(decoder(h), y)
                    loss.backward()
                    e.step()
                    d.step()
            """,
        ),
        Example(
            "encoder-handed-to-the-critic",
            """
            import torch
            from models import Critic, Encoder

            encoder = Encoder()
            critic = Critic(encoder)
            e = torch.optim.Adam(encoder.parameters())
            c = torch.optim.Adam(critic.parameters())
            for x, y in loader:
                e.zero_grad()
                c.zero_grad()
                loss = torch.nn.functional.mse_loss(critic(x), y)
                loss.backward()
                e.step()
                c.step()
            """,
        ),
        Example(
            "names-for-one-model",
            """
            import torch

            class T:
                def __init__(self, net, net2):
                    self.net = net
                    self.ddp = net2
                    self.opt = torch.optim.Adam(self.net.parameters())

                def step(self, x, y):
                    self.opt.zero_grad()
                    loss = torch.nn.functional.mse_loss(self.ddp(x), y)
                    loss.backward()
                    self.opt.step()
            """,
        ),
        Example(
            "two-critics",
            """
            import torch

            class T:
                def update(self, batch):
                    s, a, r = batch
                    self.q1_opt.zero_grad()
                    self.q2_opt.zero_grad()
                    loss = ((self.q1(s) - r) ** 2).mean() + ((self.q2(s) - r) ** 2).mean()
                    loss.backward()
                    self.q1_opt.step()
                    self.q2_opt.step()

                def __init__(self, q1, q2):
                    self.q1, self.q2 = q1, q2
                    self.q1_opt = torch.optim.Adam(self.q1.parameters())
                    self.q2_opt = torch.optim.Adam(self.q2.parameters())
            """,
        ),
        Example(
            "steps-at-the-end",
            """
            import torch

            def train(gen, disc, loader):
                opt_g = torch.optim.Adam(gen.parameters())
                opt_d = torch.optim.Adam(disc.parameters())
                for x in loader:
                    opt_g.zero_grad()
                    opt_d.zero_grad()
                    fake = gen(x)
                    loss_d = disc(x).mean() - disc(fake.detach()).mean()
                    loss_d.backward()
                    loss_g = disc(fake).mean()
                    loss_g.backward()
                    opt_d.step()
                    opt_g.step()
            """,
        ),
        Example(
            "penalty-on-the-generator",
            """
            import torch

            def train(gen, disc, loader):
                opt_g = torch.optim.Adam(gen.parameters())
                opt_d = torch.optim.Adam(disc.parameters())
                for x in loader:
                    fake = gen(x)
                    for k in range(3):
                        opt_d.zero_grad()
                        loss_d = disc(x).mean() - disc(fake.detach()).mean()
                        loss_d.backward()
                        opt_d.step()
                    opt_g.zero_grad()
                    out = disc(fake)
                    loss_g = -out.mean() + penalty(gen)
                    loss_g.backward()
                    opt_g.step()
            """,
        ),
        Example(
            "made-in-another-method",
            """
            import torch

            class T:
                def forward(self):
                    self.fake = self.G(self.z)

                def step_g(self):
                    self.opt_g.zero_grad()
                    loss = self.D(self.fake).mean()
                    loss.backward()
                    self.opt_g.step()

                def step_d(self):
                    self.opt_d.zero_grad()
                    loss = self.D(self.G(self.z).detach()).mean()
                    loss.backward()
                    self.opt_d.step()

                def __init__(self, G, D):
                    self.G = G
                    self.D = D
                    self.opt_g = torch.optim.Adam(self.G.parameters())
                    self.opt_d = torch.optim.Adam(self.D.parameters())
            """,
        ),
        Example(
            "in-a-wrapper-of-its-own",
            """
            import torch

            model = Net()
            wrapper = Wrapper(model)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(wrapper(x), y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "data-parallel",
            """
            import torch

            model = Net()
            optimizer = torch.optim.Adam(model.parameters())
            net = torch.nn.DataParallel(model).cuda()
            for x, y in loader:
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(net(x), y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "wrapped-by-keyword",
            """
            import torch

            class T:
                def __init__(self):
                    self.model = build()
                    self.net = wrap(module=self.model)
                    self.opt = torch.optim.Adam(self.model.parameters())

                def step(self, x, y):
                    self.opt.zero_grad()
                    loss = torch.nn.functional.mse_loss(self.net(x), y)
                    loss.backward()
                    self.opt.step()
            """,
        ),
        Example(
            "put-into-the-model",
            """
            import torch

            class T:
                def __init__(self, trainer):
                    self.embed = Embedder()
                    self.model = Net()
                    self.model.embed = self.embed
                    self.opt = torch.optim.Adam(self.embed.parameters())

                def step(self, x, y):
                    self.opt.zero_grad()
                    loss = torch.nn.functional.mse_loss(self.model(x), y)
                    loss.backward()
                    self.opt.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD318": (
        Example(
            "optimizer-of-the-other-model",
            """
            import torch
            from torch import nn

            G = nn.Linear(3, 3)
            D = nn.Linear(3, 1)
            opt_G = torch.optim.Adam(G.parameters())
            opt_D = torch.optim.Adam(G.parameters())
            for x in loader:
                opt_D.zero_grad()
                loss = D(x).mean()
                loss.backward()
                opt_D.step()  # <- here
                opt_G.zero_grad()
                loss_g = D(G(x)).mean()
                loss_g.backward()
                opt_G.step()
            """,
        ),
        Example(
            "teacher-is-stepped",
            """
            import torch
            import torchvision.models as models

            student = models.resnet18()
            teacher = models.resnet50()
            optimizer = torch.optim.SGD(teacher.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(student(x), y)
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
        Example(
            "actor-given-the-critic",
            """
            import torch
            from mymodels import Actor, Critic

            class A:
                def __init__(self):
                    self.actor = Actor(3)
                    self.critic = Critic(3)
                    self.actor_opt = torch.optim.Adam(self.critic.parameters())
                    self.critic_opt = torch.optim.Adam(self.critic.parameters())

                def update(self, s, r):
                    loss = -self.actor(s).mean()
                    self.actor_opt.zero_grad()
                    loss.backward()
                    self.actor_opt.step()  # <- here
            """,
        ),
        Example(
            "models-of-a-factory",
            """
            import torch

            def make(n):
                return torch.nn.Sequential(torch.nn.Linear(n, n), torch.nn.Linear(n, 1))

            policy = make(3)
            value = make(3)
            opt_p = torch.optim.Adam(policy.parameters())
            opt_v = torch.optim.Adam(policy.parameters())
            for s, r in data:
                v_loss = (value(s) - r).pow(2).mean()
                opt_v.zero_grad()
                v_loss.backward()
                opt_v.step()  # <- here
                p_loss = -policy(s).mean()
                opt_p.zero_grad()
                p_loss.backward()
                opt_p.step()
            """,
        ),
        Example(
            "detached-for-the-generator",
            """
            import torch
            from torch import nn

            G = nn.Linear(3, 3)
            D = nn.Linear(3, 1)
            opt_G = torch.optim.Adam(G.parameters())
            opt_D = torch.optim.Adam(D.parameters())
            for x in loader:
                opt_D.zero_grad()
                loss_d = D(G(x).detach()).mean() - D(x).mean()
                loss_d.backward()
                opt_D.step()
                opt_G.zero_grad()
                loss_g = D(G(x).detach()).mean()
                loss_g.backward()
                opt_G.step()  # <- here
            """,
        ),
        Example(
            "detached-fake-is-used-again",
            """
            import torch
            from torch import nn

            class GAN:
                def __init__(self, G, D):
                    self.G, self.D = G, D
                    self.opt_g = torch.optim.Adam(self.G.parameters())
                    self.opt_d = torch.optim.Adam(self.D.parameters())
                    self.criterion = nn.BCELoss()

                def train(self, loader):
                    for real in loader:
                        fake = self.G(torch.randn(len(real), 10)).detach()
                        self.opt_d.zero_grad()
                        d_loss = self.criterion(self.D(fake), torch.zeros(4, 1))
                        d_loss.backward()
                        self.opt_d.step()
                        self.opt_g.zero_grad()
                        g_loss = self.criterion(self.D(fake), torch.ones(4, 1))
                        g_loss.backward()
                        self.opt_g.step()  # <- here
            """,
        ),
        Example(
            "generated-without-gradients",
            """
            import torch

            def train(generator, discriminator, loader, criterion):
                optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-4)
                optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
                for i, (imgs, _) in enumerate(loader):
                    valid = torch.ones(imgs.size(0), 1)
                    optimizer_G.zero_grad()
                    z = torch.randn(imgs.size(0), 100)
                    with torch.no_grad():
                        gen_imgs = generator(z)
                    g_loss = criterion(discriminator(gen_imgs), valid)
                    g_loss.backward()
                    optimizer_G.step()  # <- here
            """,
        ),
        Example(
            "optimizers-mixed-up-in-update",
            """
            import torch
            import torch.nn.functional as F

            class AC:
                def __init__(self, actor, critic):
                    self.actor, self.critic = actor, critic
                    self.actor_optimizer = torch.optim.Adam(self.actor.parameters())
                    self.critic_optimizer = torch.optim.Adam(self.critic.parameters())

                def update(self, batch):
                    state, action, reward = batch
                    value = self.critic(state)
                    critic_loss = F.mse_loss(value, reward)
                    self.actor_optimizer.zero_grad()
                    critic_loss.backward()
                    self.actor_optimizer.step()  # <- here
            """,
        ),
    ),
}
