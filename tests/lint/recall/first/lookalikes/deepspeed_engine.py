"""Fine: DeepSpeed's engine scales, clips, steps and resets as its configuration says."""
import argparse

import deepspeed
import torch
from transformers import AutoModelForCausalLM

DS_CONFIG = {
    "train_micro_batch_size_per_gpu": 4,
    "gradient_accumulation_steps": 8,
    "gradient_clipping": 1.0,
    "fp16": {"enabled": True, "loss_scale": 0, "initial_scale_power": 16},
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-5, "weight_decay": 0.1}},
    "zero_optimization": {"stage": 2},
}


def get_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="facebook/opt-1.3b")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--local_rank", type=int, default=-1)
    return parser.parse_args()


def main(dataset):
    args = get_args()
    model = AutoModelForCausalLM.from_pretrained(args.model)
    engine, _, loader, _ = deepspeed.initialize(
        model=model, model_parameters=model.parameters(), training_data=dataset, config=DS_CONFIG
    )
    for epoch in range(args.epochs):
        engine.train()
        for step, batch in enumerate(loader):
            batch = {k: v.to(engine.device) for k, v in batch.items()}
            loss = engine(**batch).loss
            engine.backward(loss)
            engine.step()
            if step % 50 == 0 and torch.distributed.get_rank() == 0:
                print(f"epoch {epoch} step {step} loss {loss.item():.3f}")
        engine.save_checkpoint("checkpoints", tag=str(epoch))
