"""Loops that accelerate prepares and their author writes."""

from __future__ import annotations

from gradhealth_lint.violation import Example

_HEAD = """
            import torch
            from accelerate import Accelerator

            accelerator = Accelerator(gradient_accumulation_steps=4)
            model = torch.nn.Linear(8, 1)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
            model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
"""


def _example(name: str, loop: str) -> Example:
    return Example(name, _HEAD + loop)


GOOD: dict[str, tuple[Example, ...]] = {
    "GRD302": (
        _example(
            "accelerate-clips-when-gradients-are-complete",
            """
            for x, y in loader:
                with accelerator.accumulate(model):
                    loss = torch.nn.functional.mse_loss(model(x), y)
                    accelerator.backward(loss)
                    if accelerator.sync_gradients:
                        accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
    ),
    "GRD306": (
        _example(
            "accelerate-clears-behind-the-step",
            """
            for x, y in loader:
                with accelerator.accumulate(model):
                    accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
    ),
    "GRD307": (
        _example(
            "accelerate-clears-before-the-backward-pass",
            """
            for x, y in loader:
                optimizer.zero_grad()
                accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                optimizer.step()
            """,
        ),
    ),
    "GRD321": (
        _example(
            "accelerate-counts-the-turns",
            """
            for step, (x, y) in enumerate(loader):
                with accelerator.accumulate(model):
                    accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                    if step % 4 == 3:
                        optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD302": (
        _example(
            "accelerate-clips-behind-the-step",
            """
            for x, y in loader:
                accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                optimizer.step()
                accelerator.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                optimizer.zero_grad()
            """,
        ),
    ),
    "GRD304": (
        _example(
            "accelerate-clips-before-the-backward-pass",
            """
            for x, y in loader:
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(x), y)
                accelerator.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                accelerator.backward(loss)
                optimizer.step()
            """,
        ),
    ),
    "GRD306": (
        _example(
            "accelerate-clears-nothing",
            """
            for x, y in loader:
                accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                optimizer.step()  # <- here
            """,
        ),
    ),
    "GRD307": (
        _example(
            "accelerate-clears-before-the-step",
            """
            for x, y in loader:
                accelerator.backward(torch.nn.functional.mse_loss(model(x), y))
                optimizer.zero_grad()  # <- here
                optimizer.step()
            """,
        ),
    ),
}
