"""More examples of GRD310: one term of a loss, and losses of reinforcement learning."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD = {
    "distillation-term": """
        def train(student, teacher, loader, optimizer, beta=100.0):
            ce = nn.CrossEntropyLoss()
            for x, y in loader:
                logits, feature = student(x)
                with torch.no_grad():
                    _, wanted = teacher(x)
                ce_loss = ce(logits, y)
                at_loss = attention(feature, wanted)
                hint_loss = F.mse_loss(feature, wanted).detach() * beta  # <- here
                loss = hint_loss + ce_loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "number-of-a-term": """
        def train(model, loader, criterion, optimizer):
            for x, y in loader:
                out, mu = model(x)
                recon = criterion(out, y)
                kl_loss = F.mse_loss(mu, torch.zeros_like(mu))
                loss = recon + 0.1 * kl_loss.item()  # <- here
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "added-later-through-a-scaler": """
        def train(model, loader, optimizer, scaler):
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                loss = F.cross_entropy(out, y)
                reg_loss = F.mse_loss(out, out.roll(1)).data  # <- here
                loss += reg_loss
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
        """,
    "whole-loss-through-accelerate": """
        from accelerate import Accelerator
        accelerator = Accelerator()
        def train(model, loader, optimizer):
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
            for x, y in loader:
                optimizer.zero_grad()
                loss = F.mse_loss(model(x).detach(), y)  # <- here
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
        """,
    "numbers-of-log-probabilities": """
        def policy_gradient(generator, data, optimizer, gamma=0.97):
            rl_loss = torch.zeros(1, requires_grad=True)
            for _ in range(10):
                text, reward = data.sample()
                discounted_reward = reward
                for p in range(len(text) - 1):
                    log_probs = F.log_softmax(generator(text[p]), dim=1)
                    rl_loss = rl_loss - log_probs[0, p].item() * discounted_reward  # <- here
                    discounted_reward = discounted_reward * gamma
            optimizer.zero_grad()
            rl_loss.backward()
            optimizer.step()
        """,
    "ratio-of-nothing": """
        def update(policy, optimizer, states, actions, old_log_probs, advantages):
            for _ in range(4):
                dist = Categorical(logits=policy(states))
                log_probs = dist.log_prob(actions).detach()  # <- here
                ratio = torch.exp(log_probs - old_log_probs)
                clipped = torch.clamp(ratio, 0.8, 1.2) * advantages
                loss = -torch.min(ratio * advantages, clipped).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "policy-under-no-grad": """
        class PPO:
            def update(self, memory, rewards):
                for _ in range(self.epochs):
                    with torch.no_grad():
                        log_probs, values, entropy = self.policy.evaluate(memory.states)  # <- here
                    ratios = torch.exp(log_probs - memory.old_log_probs)
                    advantages = rewards - values.detach()
                    loss = -(ratios * advantages) + 0.5 * F.mse_loss(values, rewards)
                    self.optimizer.zero_grad()
                    loss.mean().backward()
                    self.optimizer.step()
        """,
    "both-values-under-no-grad": """
        def learn(policy_net, target_net, optimizer, batch, gamma=0.99):
            states, actions, rewards, next_states, dones = batch
            with torch.no_grad():
                q = policy_net(states).gather(1, actions.unsqueeze(1)).squeeze(1)  # <- here
                next_q = target_net(next_states).max(1)[0]
                expected = rewards + gamma * next_q * (1 - dones)
            loss = nn.SmoothL1Loss()(q, expected)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """,
    "both-networks-of-an-agent": """
        class Agent:
            def learn(self, states, actions, rewards, next_states, dones):
                with torch.no_grad():
                    next_q = self.qnetwork_target(next_states).max(1)[0].unsqueeze(1)
                    targets = rewards + self.gamma * next_q * (1 - dones)
                    expected = self.qnetwork_local(states).gather(1, actions)  # <- here
                loss = F.mse_loss(expected, targets)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
        """,
    "trained-model-under-no-grad": """
        def train(net, loader, loss_fn, opt):
            net.train()
            for x, y in loader:
                opt.zero_grad()
                with torch.no_grad():
                    out = net(x)  # <- here
                loss = loss_fn(out, y)
                loss.backward()
                opt.step()
        """,
}

_GOOD = {
    "terms-that-are-trained": """
        def train(student, teacher, loader, optimizer, beta=100.0):
            for x, y in loader:
                logits, feature = student(x)
                with torch.no_grad():
                    _, wanted = teacher(x)
                hint_loss = F.mse_loss(feature, wanted.detach()) * beta
                loss = F.cross_entropy(logits, y) + hint_loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "sum-for-the-log": """
        def train(model, loader, optimizer):
            for x, y in loader:
                out, mu = model(x)
                recon = F.mse_loss(out, y)
                kl_loss = mu.pow(2).mean()
                loss = recon + kl_loss
                shown = recon + kl_loss.detach()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                print(shown.item())
        """,
    "weight-of-a-term": """
        def train(model, loader, optimizer):
            for x, y in loader:
                out, mu = model(x)
                recon_loss = F.mse_loss(out, y)
                kl_loss = mu.pow(2).mean()
                weight = recon_loss.detach() / kl_loss.detach()
                loss = recon_loss + weight * kl_loss
                loss = loss / loss.detach() + recon_loss / recon_loss.item()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "another-value-the-same-slope": """
        def train(model, loader, optimizer):
            for x, y in loader:
                hard_loss = F.cross_entropy(model(x), y)
                soft_loss = F.mse_loss(model(x), y)
                loss = soft_loss + (hard_loss - soft_loss).detach()
                loss = loss + 0.1 * (soft_loss - soft_loss.detach())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "off-for-the-first-epochs": """
        def train(model, loader, optimizer, epoch, warm_up):
            for x, y in loader:
                out, mu = model(x)
                kl_loss = mu.pow(2).mean()
                if epoch < warm_up:
                    kl_loss = kl_loss.detach()
                loss = F.mse_loss(out, y) + kl_loss
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "difference-to-a-fixed-loss": """
        def train(model, reference, loader, optimizer):
            for x, y in loader:
                loss = F.cross_entropy(model(x), y)
                ref_loss = F.cross_entropy(reference(x), y).detach()
                excess = (loss - ref_loss).clamp(min=0).pow(2)
                optimizer.zero_grad()
                excess.backward()
                optimizer.step()
        """,
    "sum-that-starts-at-zero": """
        def train(model, loader, optimizer):
            for x, y in loader:
                loss = torch.zeros(1, requires_grad=True)
                shown = 0.0
                for part in model(x):
                    term = F.mse_loss(part, y)
                    loss = loss + term
                    shown = shown + term.item()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "weight-that-is-what-learns": """
        def calibrate(model, loader):
            bias = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.SGD([bias], lr=0.1)
            for x, y in loader:
                shifted = bias + model(x).detach()
                loss = F.mse_loss(shifted, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "log-probabilities-of-before": """
        def update(policy, optimizer, states, actions, advantages):
            with torch.no_grad():
                old_log_probs = Categorical(logits=policy(states)).log_prob(actions)
            for _ in range(4):
                log_probs = Categorical(logits=policy(states)).log_prob(actions)
                ratio = torch.exp(log_probs - old_log_probs)
                clipped = torch.clamp(ratio, 0.8, 1.2) * advantages
                loss = -torch.min(ratio * advantages, clipped).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """,
    "target-under-no-grad": """
        class Agent:
            def learn(self, states, actions, rewards, next_states, dones):
                with torch.no_grad():
                    next_q = self.qnetwork_target(next_states).max(1)[0].unsqueeze(1)
                    targets = rewards + self.gamma * next_q * (1 - dones)
                expected = self.qnetwork_local(states).gather(1, actions)
                loss = F.mse_loss(expected, targets)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
        """,
    "head-that-is-the-loss": """
        def train(net, loader, criterion, opt):
            net.eval()
            for x, y in loader:
                opt.zero_grad()
                with torch.no_grad():
                    out = net(x)
                loss = criterion(out, y)
                loss.backward()
                opt.step()
        """,
    "head-behind-a-frozen-trunk": """
        def train(net, head, loader, criterion, opt):
            net.train()
            for x, y in loader:
                opt.zero_grad()
                with torch.no_grad():
                    features = net(x)
                loss = criterion(head(features), y)
                loss.backward()
                opt.step()
        """,
    "guidance-by-the-gradient-of-an-output": """
        def guide(unet, latents, steps, scale):
            for t in steps:
                noise = unet(latents, t)
                var = torch.autograd.Variable(noise.detach().clone(), requires_grad=True)
                spread = var.var() + var.mean() ** 2 - torch.log(var.var() + 1e-7)
                spread.backward()
                latents = latents - noise + scale * var.grad
        """,
    "step-function-of-an-engine": """
        def make(model, optimizer):
            def training_step(engine, batch):
                model.train()
                optimizer.zero_grad()
                loss = model(batch).sum()
                loss.backward()
                optimizer.step()
                return loss.item()
            return training_step
        """,
    "optimised-by-hand": """
        import lightning as L
        class Model(L.LightningModule):
            def training_step(self, batch, index):
                loss = F.mse_loss(self.net(batch[0]), batch[1])
                self.optimizers().zero_grad()
                self.manual_backward(loss)
                self.optimizers().step()
                return loss.detach()
        """,
    "recorded-all-the-same": """
        class Agent:
            @torch.no_grad()
            def collect(self, states, actions):
                with torch.enable_grad():
                    loss = F.cross_entropy(self.policy(states), actions)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
        """,
    "temperature": """
        def tune(policy, states, optimizer, log_alpha, target_entropy):
            log_probs = policy.get_log_prob(states)
            loss = -(log_alpha * (log_probs + target_entropy).detach()).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD310": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD310": _examples(_BAD)}
