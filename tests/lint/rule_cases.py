"""More examples of each rule than its page can hold: near misses and other spellings."""

from __future__ import annotations

from gradhealth_lint.violation import Example
from tests.lint import (
    accelerate_rule_cases,
    accumulation_rule_cases,
    backward_rule_cases,
    by_hand_rule_cases,
    checkpoint_rule_cases,
    clipping_rule_cases,
    constant_init_cases,
    cut_rule_cases,
    data_rule_cases,
    depth_rule_cases,
    exponential_rule_cases,
    frozen_rule_cases,
    graph_rule_cases,
    half_eps_rule_cases,
    hand_made_cases,
    hand_recurrence_rule_cases,
    helper_clearing_rule_cases,
    helper_clipping_rule_cases,
    helper_graph_rule_cases,
    helper_order_rule_cases,
    helper_schedule_rule_cases,
    helper_step_rule_cases,
    hosted_rule_cases,
    init_match_cases,
    init_rule_cases,
    init_scale_cases,
    leaf_rule_cases,
    logit_rule_cases,
    loop_rule_cases,
    loss_rule_cases,
    lost_graph_cases,
    lost_init_cases,
    lost_term_cases,
    mixed_up_rule_cases,
    mode_rule_cases,
    numeric_rule_cases,
    owning_rule_cases,
    plain_stack_cases,
    precision_rule_cases,
    rate_rule_cases,
    recurrent_rule_cases,
    registration_rule_cases,
    retained_rule_cases,
    scaler_rule_cases,
    severed_rule_cases,
    shape_rule_cases,
    stability_rule_cases,
    stray_step_rule_cases,
    thrown_away_cases,
    uncleared_rule_cases,
    update_rule_cases,
)

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD101": (
        Example(
            "pinn-differentiates-twice",
            """
            import torch
            from torch import nn

            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(32, 32), nn.Tanh())])

            def residual(x):
                u = net(x)
                return torch.autograd.grad(u.sum(), x, create_graph=True)[0]
            """,
        ),
        Example(
            "tanh-with-xavier",
            """
            from torch import nn

            net = nn.Sequential(*[m for _ in range(60) for m in (nn.Linear(32, 32), nn.Tanh())])
            for m in net.modules():
                if isinstance(m, nn.Linear):
                    nn.init.xavier_normal_(m.weight)
            """,
        ),
        Example(
            "residual",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(40))

                def forward(self, x):
                    for layer in self.layers:
                        h = torch.tanh(layer(x))
                        x = x + h
                    return x
            """,
        ),
        Example(
            "configurable-and-relu-by-default",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self, act=nn.ReLU, depth=8):
                    super().__init__()
                    parts = []
                    for _ in range(depth):
                        parts += [nn.Linear(32, 32), act()]
                    self.net = nn.Sequential(*parts, nn.Linear(32, 1), nn.Sigmoid())

                def forward(self, x):
                    return self.net(x)

            SMOOTH = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
            """,
        ),
        Example(
            "depth-not-told",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self, depth):
                    super().__init__()
                    parts = [nn.Linear(8, 32), nn.Sigmoid()]  # gradhealth: ignore[GRD106]
                    for _ in range(depth):
                        parts += [nn.Linear(32, 32), nn.Sigmoid()]
                    self.net = nn.Sequential(*parts, nn.Linear(32, 1))

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "lstm-cell-by-hand",
            """
            import torch
            from torch import nn

            class Cell(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.gates = nn.Linear(64, 128)

                def forward(self, xs, h, c):
                    for x in xs:
                        i, f, g, o = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
                        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                        h = torch.sigmoid(o) * torch.tanh(c)
                    return h
            """,
        ),
        Example(
            "gan-generator-last-tanh",
            """
            from torch import nn

            class Generator(nn.Module):
                def __init__(self):
                    super().__init__()
                    def block(i, o):
                        return [nn.Linear(i, o), nn.LeakyReLU(0.2)]
                    self.net = nn.Sequential(*block(100, 128), *block(128, 256), *block(256, 512),
                                             *block(512, 1024), nn.Linear(1024, 784), nn.Tanh())

                def forward(self, z):
                    return self.net(z)
            """,
        ),
        Example(
            "keras",
            """
            import torch
            from keras import Sequential
            from keras.layers import Dense as Linear

            net = Sequential([Linear(64, activation="sigmoid") for _ in range(30)])
            """,
        ),
        Example(
            "init-from-elsewhere",
            """
            from torch import nn
            from mylib import initialise

            net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(32, 32), nn.Tanh())])
            initialise(net)
            """,
        ),
        Example(
            "attention-pooling",
            """
            import torch
            from torch import nn

            class Pool(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))

                def forward(self, x):
                    return (torch.sigmoid(self.score(x)) * x).sum(1)
            """,
        ),
    ),
    "GRD201": (
        Example(
            "isinstance-norm",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 8, 3)
                    self.bn = nn.BatchNorm2d(8)
                    for m in self.modules():
                        if isinstance(m, nn.Conv2d):
                            m.weight.data.normal_(0, 0.02)
                        elif isinstance(m, nn.BatchNorm2d):
                            m.weight.data.normal_(1.0, 0.02)
                            m.bias.data.zero_()
            """,
        ),
        Example(
            "unapplied-dcgan-init",
            """
            import torch.nn as nn

            def weights_init(m):
                classname = m.__class__.__name__
                if classname.find("Conv") != -1:
                    nn.init.normal_(m.weight.data, 0.0, 0.02)
                elif classname.find("BatchNorm") != -1:
                    nn.init.normal_(m.weight.data, 1.0, 0.02)
            """,
        ),
        Example(
            "positional-parameter",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.position = nn.Parameter(torch.empty(1, 10, 64))
                    nn.init.normal_(self.position, mean=1.0, std=0.02)
            """,
        ),
        Example(
            "initialised-again",
            """
            from torch import nn

            layer = nn.Linear(64, 64)
            nn.init.normal_(layer.weight, 1.5, 0.1)
            nn.init.kaiming_normal_(layer.weight)
            """,
        ),
        Example(
            "symmetric-uniform",
            """
            from torch.nn import Linear
            from torch.nn.init import uniform_

            layer = Linear(64, 64)
            uniform_(layer.weight, -0.1, 0.1)
            uniform_(layer.weight, a=-0.05, b=0.05)
            """,
        ),
        Example(
            "tiny-mean",
            """
            import torch.nn as nn

            layer = nn.Linear(4, 4)
            nn.init.normal_(layer.weight, mean=0.05, std=0.01)
            """,
        ),
        Example(
            "numpy-normal",
            """
            import numpy as np
            import torch

            noise = np.random.normal(1.5, 0.1)
            sample = torch.empty(3).normal_(1.5, 0.1)
            """,
        ),
        Example(
            "arguments-not-told",
            """
            from torch import nn

            def init(layer: nn.Linear, mean, std):
                nn.init.normal_(layer.weight, mean, std)
            """,
        ),
        Example(
            "truncated-centred",
            """
            from torch import nn

            head = nn.Linear(64, 10)
            nn.init.trunc_normal_(head.weight, std=0.02)
            nn.init.trunc_normal_(head.weight, 0.0, 0.02, -0.04, 0.04)
            """,
        ),
    ),
    "GRD301": (
        Example(
            "unknown-callback-in-between",
            """
            import torch
            from torch import nn
            from mine import postprocess

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for x in loader:
                opt.zero_grad()
                model(x)[0].sum().backward()
                postprocess(model)
                opt.step()
            """,
        ),
        Example(
            "switched-off-by-default",
            """
            import torch
            from torch import nn

            def train(model, loader, clip=0.0):
                opt = torch.optim.Adam(model.parameters())
                for x in loader:
                    opt.zero_grad()
                    model(x)[0].sum().backward()
                    if clip > 0:
                        nn.utils.clip_grad_norm_(model.parameters(), clip)
                    opt.step()

            train(nn.LSTM(8, 64), data)
            """,
        ),
        Example(
            "optimizer-that-may-clip",
            """
            import torch
            from torch import nn
            from pytorch_pretrained_bert import BertAdam

            model = nn.LSTM(8, 64)
            opt = BertAdam(model.parameters(), lr=1e-4)
            for x in loader:
                opt.zero_grad()
                model(x)[0].sum().backward()
                opt.step()
            """,
        ),
        Example(
            "gradient-penalty",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for x in loader:
                opt.zero_grad()
                y = model(x)[0].sum()
                slope = torch.autograd.grad(y, x, create_graph=True)[0]
                (y + (slope.norm() - 1) ** 2).backward()
                opt.step()
            """,
        ),
        Example(
            "scaled-by-hand",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for x in loader:
                opt.zero_grad()
                model(x)[0].sum().backward()
                norm = sum(p.grad.norm() ** 2 for p in model.parameters()) ** 0.5
                for p in model.parameters():
                    p.grad *= 1 / max(1, norm)
                opt.step()
            """,
        ),
        Example(
            "inherited-step-out-of-view",
            """
            import torch
            from torch import nn
            from mine import Trainer

            class Mine(Trainer):
                def __init__(self):
                    self.net = nn.LSTM(8, 64)
                    self.opt = torch.optim.Adam(self.net.parameters())

                def fit(self, loader):
                    for x in loader:
                        self.net(x)[0].sum().backward()
                        self.after_backward()
                        self.opt.step()
            """,
        ),
        Example(
            "one-step-without-a-loop",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            model(torch.randn(3, 1, 8))[0].sum().backward()
            opt.step()
            """,
        ),
        Example(
            "clamped-gradients",
            """
            import torch
            from torch import nn

            model = nn.GRU(8, 64)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x in loader:
                optimizer.zero_grad()
                model(x)[0].sum().backward()
                for p in model.parameters():
                    p.grad.data.clamp_(-1, 1)
                optimizer.step()
            """,
        ),
        Example(
            "clamping-hook",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            for p in model.parameters():
                p.register_hook(lambda grad: torch.clamp(grad, -1, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x in loader:
                optimizer.zero_grad()
                model(x)[0].sum().backward()
                optimizer.step()
            """,
        ),
        Example(
            "accelerate",
            """
            import torch
            from accelerate import Accelerator
            from torch import nn

            accelerator = Accelerator()
            model = nn.LSTM(8, 64)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x in loader:
                optimizer.zero_grad()
                accelerator.backward(model(x)[0].sum())
                optimizer.step()
            """,
        ),
        Example(
            "line-search",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            optimizer = torch.optim.LBFGS(model.parameters())
            for epoch in range(10):
                def closure():
                    optimizer.zero_grad()
                    loss = model(x)[0].sum()
                    loss.backward()
                    return loss

                optimizer.step(closure)
            """,
        ),
        Example(
            "no-training-loop",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            loss = model(torch.randn(3, 2, 8))[0].sum()
            loss.backward()
            optimizer.step()
            """,
        ),
        Example(
            "lightning-owns-the-loop",
            """
            import lightning as L
            import torch
            from torch import nn

            class Lit(L.LightningModule):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(8, 64)

                def training_step(self, batch, i):
                    return self.lstm(batch)[0].sum()

                def configure_optimizers(self):
                    return torch.optim.Adam(self.parameters())

                def backward(self, loss):
                    loss.backward()
            """,
        ),
        Example(
            "optimizer-of-another-model",
            """
            import torch
            from torch import nn

            encoder = nn.LSTM(8, 64)
            head = nn.Linear(64, 2)
            optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
            for x in loader:
                optimizer.zero_grad()
                head(encoder(x)[0].detach()).sum().backward()
                optimizer.step()
            """,
        ),
        Example(
            "scaler-that-may-be-off",
            """
            import torch
            from torch import nn

            def main(amp):
                model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                scaler = torch.amp.GradScaler("cuda", enabled=amp)
                for x in loader:
                    optimizer.zero_grad()
                    scaler.scale(model(x).sum()).backward()
                    scaler.step(optimizer)
                    scaler.update()
            """,
        ),
        Example(
            "deep-but-healthy",
            """
            import torch
            from torch import nn

            model = nn.Sequential(*[m for _ in range(9) for m in (nn.Linear(64, 64), nn.ReLU())])
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x in loader:
                optimizer.zero_grad()
                model(x).sum().backward()
                optimizer.step()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD101": (
        Example(
            "softsign-aliases",
            """
            from torch.nn import Linear as L, Module, Sequential as Seq, Softsign

            class Net(Module):
                def __init__(self):
                    super().__init__()
                    self.body = Seq(*[Seq(L(64, 64), Softsign()) for _ in range(40)])  # <- here

                def forward(self, x):
                    return self.body(x)
            """,
        ),
        Example(
            "getattr-by-name",
            """
            import torch as th
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, hidden=(64,) * 10, act="Sigmoid"):
                    super().__init__()
                    parts = []
                    for a, b in zip(hidden[:-1], hidden[1:]):
                        parts.extend((nn.Linear(a, b), getattr(nn, act)()))
                    self.body = nn.Sequential(*parts)  # <- here
                    self.head = nn.Linear(hidden[-1], 1)

                def forward(self, x):
                    return self.head(self.body(x))
            """,
        ),
        Example(
            "blocks-of-the-file",
            """
            import torch
            from torch import nn

            class Block(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    self.fc = nn.Linear(n, n)

                def forward(self, x):
                    return torch.nn.functional.logsigmoid(self.fc(x)).sigmoid()

            class Other(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    self.fc = nn.Linear(n, n)

                def forward(self, x):
                    return self.fc(x).sigmoid()

            class Net(nn.Module):
                def __init__(self, n_blocks):
                    super().__init__()
                    self.blocks = nn.ModuleList([Other(16) for _ in range(n_blocks)])  # <- here

                def forward(self, x):
                    for block in self.blocks:
                        x = block(x)
                    return x

            net = Net(n_blocks=8)
            """,
        ),
        Example(
            "plain-attributes",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super(Net, self).__init__()
                    self.fc1 = nn.Linear(784, 100)  # <- here
                    self.fc2 = nn.Linear(100, 100)
                    self.fc3 = nn.Linear(100, 100)
                    self.fc4 = nn.Linear(100, 100)
                    self.fc5 = nn.Linear(100, 100)
                    self.fc6 = nn.Linear(100, 10)

                def forward(self, x):
                    x = x.view(-1, 784)
                    x = F.sigmoid(self.fc1(x))
                    x = F.sigmoid(self.fc2(x))
                    x = F.sigmoid(self.fc3(x))
                    x = F.sigmoid(self.fc4(x))
                    x = F.sigmoid(self.fc5(x))
                    return F.log_softmax(self.fc6(x), dim=1)
            """,
        ),
        Example(
            "small-normal-init-under-tanh",
            """
            import torch.nn as nn

            def init(m):
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.02)
                    nn.init.zeros_(m.bias)

            net = nn.Sequential(nn.Linear(64, 64), nn.Tanh(),  # <- here
                                nn.Linear(64, 64), nn.Tanh(),
                                nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(),
                                nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
            net.apply(init)
            """,
        ),
    ),
    "GRD201": (
        Example(
            "imported-function-and-uniform",
            """
            from torch.nn import Linear
            from torch.nn.init import uniform_

            layer = Linear(64, 64)
            uniform_(layer.weight, 0.1, 0.3)  # <- here
            """,
        ),
        Example(
            "sizes-not-told",
            """
            import torch.nn as nn

            def init_weights(m):
                if type(m) == nn.Linear:
                    m.weight.data.normal_(0.5, 0.1)  # <- here
            """,
        ),
        Example(
            "isinstance-in-a-function-nobody-calls",
            """
            import torch.nn as nn

            def init_weights(m):
                if isinstance(m, (nn.Linear, nn.Conv2d)):
                    nn.init.normal_(m.weight, mean=1.5, std=0.1)  # <- here
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "recurrent-by-parameter-name",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.LSTM(8, 64)
                    for name, p in self.rnn.named_parameters():
                        if "weight" in name:
                            nn.init.normal_(p, 0.5, 0.1)  # <- here
                        else:
                            nn.init.zeros_(p)
            """,
        ),
        Example(
            "truncated",
            """
            import torch

            conv = torch.nn.Conv2d(3, 8, 3)
            torch.nn.init.trunc_normal_(conv.weight, mean=0.5, std=0.1)  # <- here
            """,
        ),
        Example(
            "every-parameter",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)
                    self.norm = nn.LayerNorm(8)
                    for p in self.parameters():
                        p.data.normal_(1.0, 0.02)  # <- here
            """,
        ),
    ),
    "GRD301": (
        Example(
            "limit-of-infinity",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for x in loader:
                opt.zero_grad()
                model(x)[0].sum().backward()
                norm = nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
                opt.step()  # <- here
            """,
        ),
        Example(
            "only-the-other-model",
            """
            import torch
            from torch import nn

            actor, critic = nn.Linear(8, 8), nn.LSTM(8, 64)
            actor_opt = torch.optim.Adam(actor.parameters())
            critic_opt = torch.optim.Adam(critic.parameters())
            for x in buffer:
                actor_opt.zero_grad()
                actor(x).mean().backward()
                nn.utils.clip_grad_norm_(actor.parameters(), 0.5)
                actor_opt.step()
                critic_opt.zero_grad()
                critic(x)[0].mean().backward()
                critic_opt.step()  # <- here
            """,
        ),
        Example(
            "clipped-in-pretraining-only",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for epoch in range(10):
                for x in first:
                    opt.zero_grad()
                    model(x)[0].sum().backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    opt.step()
                for x in second:
                    opt.zero_grad()
                    model(x)[0].sum().backward()
                    opt.step()  # <- here
            """,
        ),
        Example(
            "accumulating",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            opt = torch.optim.Adam(model.parameters())
            for i, x in enumerate(loader):
                (model(x)[0].sum() / 4).backward()
                if (i + 1) % 4:
                    continue
                opt.step()  # <- here
                opt.zero_grad()
            """,
        ),
        Example(
            "setting-that-nothing-reads",
            """
            import torch
            from torch import nn

            model = nn.LSTM(8, 64)
            config = {"max_grad_norm": 1.0}
            opt = torch.optim.Adam(model.parameters())
            while True:
                x = next(batches)
                opt.zero_grad()
                model(x)[0].sum().backward()
                opt.step()  # <- here
            """,
        ),
        Example(
            "transformer-in-a-function",
            """
            import torch
            import torch.nn as nn

            class Model(nn.Module):
                def __init__(self, d=64):
                    super().__init__()
                    layer = nn.TransformerEncoderLayer(d, 4)
                    self.encoder = nn.TransformerEncoder(layer, 2)

                def forward(self, x):
                    return self.encoder(x)

            def train_epoch(model, loader, optimizer, criterion):
                model.train()
                for x, y in loader:
                    loss = criterion(model(x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()  # <- here

            def main():
                model = Model().to("cuda")
                optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
                for epoch in range(10):
                    train_epoch(model, load(), optimizer, nn.CrossEntropyLoss())

            if __name__ == "__main__":
                main()
            """,
        ),
        Example(
            "trainer-class",
            """
            import torch
            from torch import nn

            class Trainer:
                def __init__(self):
                    self.model = nn.GRU(8, 64)
                    self.optim = torch.optim.RMSprop(self.model.parameters())

                def fit(self, loader):
                    for x in loader:
                        self.optim.zero_grad()
                        self.model(x)[0].mean().backward()
                        self.optim.step()  # <- here
            """,
        ),
        Example(
            "closure-and-several-modules",
            """
            import itertools
            import torch
            import torch.nn as nn

            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.GRU(8, 8)

                def forward(self, x):
                    return self.rnn(x)[0]

            encoder, decoder = Encoder().cuda(), nn.Linear(8, 2)
            opt = torch.optim.Adam(itertools.chain(encoder.parameters(), decoder.parameters()))
            for x in loader:
                def closure():
                    opt.zero_grad()
                    loss = decoder(encoder(x)).sum()
                    loss.backward()
                    return loss

                opt.step(closure)  # <- here
            """,
        ),
        Example(
            "commented-out-clipping",
            """
            import torch
            from torch import nn

            model = nn.GRU(8, 64)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            while True:
                for x in loader:
                    optimizer.zero_grad()
                    loss = model(x)[0].mean()
                    loss.backward()
                    # torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()  # <- here
            """,
        ),
        Example(
            "the-seed-explodes",
            """
            import torch
            import torch.nn as nn

            class DeepReLUNetwork(nn.Module):
                def __init__(self, num_layers):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(num_layers)])
                    self.relu = nn.ReLU()
                    for layer in self.layers:
                        nn.init.normal_(layer.weight, 1.5, 0.1)  # gradhealth: ignore[GRD201]
                        nn.init.zeros_(layer.bias)

                def forward(self, x):
                    for layer in self.layers:
                        x = self.relu(layer(x))
                    return x

            model = DeepReLUNetwork(20)
            opt = torch.optim.SGD(model.parameters(), lr=0.01)
            for step in range(100):
                opt.zero_grad()
                model(torch.randn(4, 1)).sum().backward()
                opt.step()  # <- here
            """,
        ),
    ),
}

for more in (
    accelerate_rule_cases,
    accumulation_rule_cases,
    backward_rule_cases,
    by_hand_rule_cases,
    checkpoint_rule_cases,
    clipping_rule_cases,
    constant_init_cases,
    cut_rule_cases,
    data_rule_cases,
    depth_rule_cases,
    frozen_rule_cases,
    exponential_rule_cases,
    graph_rule_cases,
    half_eps_rule_cases,
    hand_recurrence_rule_cases,
    hosted_rule_cases,
    leaf_rule_cases,
    hand_made_cases,
    helper_clearing_rule_cases,
    helper_clipping_rule_cases,
    helper_graph_rule_cases,
    helper_order_rule_cases,
    helper_schedule_rule_cases,
    helper_step_rule_cases,
    init_match_cases,
    init_rule_cases,
    init_scale_cases,
    logit_rule_cases,
    loop_rule_cases,
    loss_rule_cases,
    lost_graph_cases,
    lost_init_cases,
    lost_term_cases,
    mixed_up_rule_cases,
    mode_rule_cases,
    numeric_rule_cases,
    owning_rule_cases,
    plain_stack_cases,
    precision_rule_cases,
    rate_rule_cases,
    recurrent_rule_cases,
    registration_rule_cases,
    retained_rule_cases,
    scaler_rule_cases,
    severed_rule_cases,
    stray_step_rule_cases,
    thrown_away_cases,
    stability_rule_cases,
    shape_rule_cases,
    uncleared_rule_cases,
    update_rule_cases,
):
    for of_all, of_family in ((GOOD, more.GOOD), (BAD, more.BAD)):
        for code, examples in of_family.items():
            of_all[code] = (*of_all.get(code, ()), *examples)
