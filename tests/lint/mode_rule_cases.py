"""Further examples of the rule about models that are trained in evaluation mode."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD319": (
        Example(
            "phases",
            """
            import torch
            import torch.nn as nn

            def train_model(model, loaders, criterion, optimizer, scheduler, num_epochs=25):
                for epoch in range(num_epochs):
                    for phase in ["train", "val"]:
                        if phase == "train":
                            model.train()
                        else:
                            model.eval()
                        for inputs, labels in loaders[phase]:
                            optimizer.zero_grad()
                            with torch.set_grad_enabled(phase == "train"):
                                loss = criterion(model(inputs), labels)
                                if phase == "train":
                                    loss.backward()
                                    optimizer.step()
                        if phase == "train":
                            scheduler.step()
                return model
            """,
        ),
        Example(
            "function-for-each",
            """
            import torch
            import torch.nn.functional as F

            def train(args, model, device, train_loader, optimizer, epoch):
                model.train()
                for data, target in train_loader:
                    optimizer.zero_grad()
                    loss = F.nll_loss(model(data), target)
                    loss.backward()
                    optimizer.step()

            def test(model, device, test_loader):
                model.eval()
                correct = 0
                with torch.no_grad():
                    for data, target in test_loader:
                        correct += model(data).argmax(1).eq(target).sum().item()
                return correct

            def main(args, model, device, train_loader, test_loader):
                optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
                for epoch in range(1, 15):
                    train(args, model, device, train_loader, optimizer, epoch)
                    test(model, device, test_loader)
            """,
        ),
        Example(
            "switched-by-an-argument",
            """
            import torch

            def run_epoch(model, loader, criterion, optimizer=None):
                training = optimizer is not None
                model.train(training)
                for x, y in loader:
                    loss = criterion(model(x), y)
                    if training:
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()

            def fit(model, train_loader, val_loader, criterion):
                optimizer = torch.optim.Adam(model.parameters())
                for epoch in range(10):
                    run_epoch(model, train_loader, criterion, optimizer)
                    run_epoch(model, val_loader, criterion)
            """,
        ),
        Example(
            "after-the-last-turn",
            """
            import torch
            from torch import nn

            net = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
            opt = torch.optim.Adam(net.parameters())
            net.train()
            for step in range(1000):
                opt.zero_grad()
                loss = nn.functional.mse_loss(net(x), y)
                loss.backward()
                opt.step()
                if loss.item() < 1e-4:
                    net.eval()
                    torch.save(net.state_dict(), "net.pt")
                    break
                if step == 999:
                    print("not there")
            net.eval()
            print(net(x))
            """,
        ),
        Example(
            "before-the-loop-and-back",
            """
            import torch
            import torch.nn as nn

            model = build(config)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
            model.eval()
            print("before", accuracy(model, held_out))
            for epoch in range(3):
                model.train()
                for x, y in loader:
                    loss = nn.functional.cross_entropy(model(x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                model.eval()
                print(epoch, accuracy(model, held_out))
            """,
        ),
        Example(
            "no-layer-that-heeds-it",
            """
            import torch
            from torch import nn

            policy = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
            optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
            for episode in range(500):
                policy.eval()
                log_probs, returns = play(policy)
                optimizer.zero_grad()
                (-log_probs * returns).sum().backward()
                optimizer.step()
            """,
        ),
        Example(
            "input-optimised",
            """
            import torch
            from torch import nn
            from torchvision import models

            features = models.vgg19(weights="DEFAULT").features
            features.eval()
            image = torch.rand(1, 3, 224, 224, requires_grad=True)
            optimizer = torch.optim.Adam([image], lr=0.01)
            for step in range(300):
                features.eval()
                optimizer.zero_grad()
                nn.functional.mse_loss(features(image), wanted).backward()
                optimizer.step()
            """,
        ),
        Example(
            "helper-out-of-view-may-set-it",
            """
            import torch
            from engine import train_one_epoch, evaluate

            def main(model, loader, held_out):
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                for epoch in range(10):
                    train_one_epoch(model, optimizer, loader)
                    for x, y in extra:
                        optimizer.zero_grad()
                        model(x, y).backward()
                        optimizer.step()
                    model.eval()
                    evaluate(model, held_out)
            """,
        ),
        Example(
            "own-method-sets-all",
            """
            import torch

            class Trainer:
                def __init__(self, generator, discriminator):
                    self.generator = generator
                    self.discriminator = discriminator
                    self.opt = torch.optim.Adam(self.generator.parameters())

                def mode(self, training):
                    for net in (self.generator, self.discriminator):
                        net.train() if training else net.eval()

                def fit(self, loader):
                    for epoch in range(10):
                        self.mode(True)
                        for x in loader:
                            self.opt.zero_grad()
                            self.discriminator(self.generator(x)).mean().backward()
                            self.opt.step()
                        self.mode(False)
                        self.sample()
            """,
        ),
        Example(
            "table-with-a-query",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(), nn.Linear(8, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                frame = read(epoch)
                frame.eval("c = a + b", inplace=True)
                optimizer.zero_grad()
                model(torch.tensor(frame.values)).mean().backward()
                optimizer.step()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD319": (
        Example(
            "every-few-batches",
            """
            import torch
            import torch.nn as nn

            def train(model, train_loader, val_loader, epochs, device):
                criterion = nn.CrossEntropyLoss()
                optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
                for epoch in range(epochs):
                    model.train()
                    for step, (x, y) in enumerate(train_loader):
                        x, y = x.to(device), y.to(device)
                        optimizer.zero_grad()
                        loss = criterion(model(x), y)
                        loss.backward()
                        optimizer.step()
                        if step % 200 == 199:
                            model.eval()  # <- here
                            correct = 0
                            with torch.no_grad():
                                for vx, vy in val_loader:
                                    correct += (model(vx).argmax(1) == vy).sum().item()
                            print(epoch, step, correct)
            """,
        ),
        Example(
            "functions-of-a-script",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super(Net, self).__init__()
                    self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
                    self.drop = nn.Dropout2d()
                    self.fc = nn.Linear(1440, 10)

                def forward(self, x):
                    x = F.relu(F.max_pool2d(self.drop(self.conv1(x)), 2))
                    return self.fc(x.flatten(1))

            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)

            def train(epoch):
                for batch_idx, (data, target) in enumerate(train_loader):
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(data), target)
                    loss.backward()
                    optimizer.step()

            def test():
                model.eval()  # <- here
                correct = 0
                with torch.no_grad():
                    for data, target in test_loader:
                        correct += model(data).argmax(1).eq(target).sum().item()
                print(correct)

            for epoch in range(1, 10):
                train(epoch)
                test()
            """,
        ),
        Example(
            "model-out-of-view",
            """
            import torch
            from models import build_model

            def evaluate(model, loader):
                model.eval()  # <- here
                with torch.inference_mode():
                    for x, y in loader:
                        yield model(x).argmax(-1) == y

            model = build_model("large").cuda()
            optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
            criterion = torch.nn.CrossEntropyLoss()
            best = 0
            for epoch in range(20):
                for x, y in train_loader:
                    loss = criterion(model(x), y)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    optimizer.step()
                accuracy = sum(evaluate(model, val_loader))
                if accuracy > best:
                    best = accuracy
                    torch.save(model.state_dict(), "best.pt")
            """,
        ),
        Example(
            "acting-between-updates",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F
            import torch.optim as optim

            class QNetwork(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU())
                    self.head = nn.Linear(64, 4)

                def forward(self, state):
                    return self.head(self.body(state))

            class Agent:
                def __init__(self):
                    self.local = QNetwork()
                    self.optimizer = optim.Adam(self.local.parameters(), lr=5e-4)

                def act(self, state):
                    self.local.eval()  # <- here
                    with torch.no_grad():
                        return self.local(state).argmax().item()

                def learn(self, states, wanted):
                    loss = F.mse_loss(self.local(states), wanted)
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()

            agent = Agent()
            for episode in range(1000):
                state = env.reset()
                for t in range(200):
                    state = env.step(agent.act(state))
                    agent.learn(*memory.sample())
            """,
        ),
        Example(
            "left-from-a-first-look",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet50(weights="DEFAULT")
            model.fc = nn.Linear(2048, 5)
            model.eval()  # <- here
            with torch.no_grad():
                print(model(torch.randn(1, 3, 224, 224)).shape)

            optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
            for epoch in range(10):
                for images, labels in loader:
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(model(images), labels).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "scaler-and-while",
            """
            import torch
            from torch import nn

            class Lm(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.rnn = nn.LSTM(64, 64, dropout=0.3, num_layers=2)

                def forward(self, x):
                    return self.rnn(x)[0]

            lm = Lm().cuda()
            opt = torch.optim.Adam(lm.parameters())
            scaler = torch.cuda.amp.GradScaler()
            lm.train()
            it = 0
            while it < 10_000:
                x, y = next(batches)
                opt.zero_grad()
                with torch.cuda.amp.autocast():
                    loss = nn.functional.mse_loss(lm(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(opt)
                nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
                scaler.step(opt)
                scaler.update()
                it += 1
                if it % 500 == 0:
                    lm.eval()  # <- here
                    with torch.no_grad():
                        print(nn.functional.mse_loss(lm(held_x), held_y))
            """,
        ),
        Example(
            "train-after-the-epochs-only",
            """
            import torch as th
            import torch.nn as nn

            def fit(net, loader, held_out, n_epochs=5):
                net.train()
                opt = th.optim.RMSprop(net.parameters())
                loss_fn = nn.BCEWithLogitsLoss()
                history = []
                for _ in range(n_epochs):
                    for x, y in loader:
                        opt.zero_grad()
                        loss_fn(net(x), y).backward()
                        opt.step()
                    with th.no_grad():
                        net.eval()  # <- here
                        history.append(sum(loss_fn(net(x), y).item() for x, y in held_out))
                net.train()
                return history
            """,
        ),
    ),
}
