"""More examples of GRD504: leaves that are no parameters, moved along their own gradient."""

from __future__ import annotations

from textwrap import dedent

from gradhealth_lint.violation import Example

_IMPORTS = """\
import torch
import torch.nn.functional as F
"""


def _examples(texts: dict[str, str]) -> tuple[Example, ...]:
    return tuple(Example(name, f"{_IMPORTS}\n{dedent(text)}") for name, text in texts.items())


_BAD = {
    "part-of-another-tensor": """
        def fit(hidden, weight, target, lr, chunk):
            for start in range(0, hidden.shape[1], chunk):
                part = hidden[:, start : start + chunk].detach().clone().requires_grad_(True)
                for _ in range(50):
                    loss = F.mse_loss(part @ weight, target)
                    loss.backward()
                    part -= lr * part.grad  # <- here
                    part.grad.zero_()
        """,
    "attack-along-the-sign": """
        def attack(model, x, y, alpha):
            adversarial = x.clone().detach().requires_grad_(True)
            for _ in range(10):
                F.cross_entropy(model(adversarial), y).backward()
                adversarial.add_(alpha * adversarial.grad.sign())  # <- here
                adversarial.grad.zero_()
        """,
    "offset-of-an-input": """
        def attack(model, x, y, alpha):
            delta = torch.zeros_like(x, requires_grad=True)
            for _ in range(10):
                F.cross_entropy(model(x + delta), y).backward()
                delta += alpha * delta.grad.sign()  # <- here
        """,
    "all-of-an-image": """
        def dream(model, image, lr):
            image = torch.tensor(image, requires_grad=True)
            for _ in range(10):
                model(image).norm().backward()
                image[:] += lr * image.grad  # <- here
        """,
    "new-offset-without-a-gradient": """
        def attack(model, x, y, alpha):
            delta = torch.zeros_like(x, requires_grad=True)
            for _ in range(10):
                F.cross_entropy(model(x + delta), y).backward()
                delta = delta + alpha * delta.grad.sign()  # <- here
            return delta
        """,
}

_GOOD = {
    "while-nothing-is-recorded": """
        def attack(model, x, y, alpha):
            adversarial = x.clone().detach().requires_grad_(True)
            for _ in range(10):
                F.cross_entropy(model(adversarial), y).backward()
                with torch.no_grad():
                    adversarial += alpha * adversarial.grad.sign()
                adversarial.grad.zero_()
            adversarial.data += alpha * adversarial.grad
        """,
    "recorded-for-the-gradient-alone": """
        @torch.no_grad()
        def guide(model, x, y, alpha):
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                F.cross_entropy(model(x), y).backward()
            x += alpha * x.grad.sign()
            return x
        """,
    "asks-no-more": """
        def attack(model, x, y, alpha):
            x = x.clone().detach().requires_grad_(True)
            F.cross_entropy(model(x), y).backward()
            x.requires_grad_(False)
            x += alpha * x.grad.sign()
        """,
    "asks-no-more-by-assignment": """
        def attack(model, x, y, alpha):
            x = torch.tensor(x, requires_grad=True)
            F.cross_entropy(model(x), y).backward()
            x.requires_grad = False
            x += alpha * x.grad.sign()
        """,
    "leaf-again-in-every-turn": """
        def attack(model, x, y, alpha):
            for _ in range(10):
                x = x.detach().requires_grad_()
                F.cross_entropy(model(x), y).backward()
                x = x + alpha * x.grad.sign()
            return x
        """,
    "new-leaf-for-every-batch": """
        def augment(model, loader, alpha):
            for x, y in loader:
                delta = torch.zeros_like(x, requires_grad=True)
                F.cross_entropy(model(x + delta), y).backward()
                delta = delta + alpha * delta.grad.sign()
                yield x + delta
        """,
    "sum-that-was-told-to-ask": """
        def total(parts):
            loss = parts[0].sum().requires_grad_()
            for part in parts[1:]:
                loss += part.sum()
            loss.backward()
        """,
}

GOOD: dict[str, tuple[Example, ...]] = {"GRD504": _examples(_GOOD)}
BAD: dict[str, tuple[Example, ...]] = {"GRD504": _examples(_BAD)}
