"""What fixes change in the bad examples of training loops and of inits, by code and name."""

from __future__ import annotations

from typing import Final

CHANGES: Final[dict[str, list[str]]] = {
    "GRD302 accelerate-clips-behind-the-step": [
        "+ accelerator.clip_grad_norm_(model.parameters(), 1.0)",
        "- accelerator.clip_grad_norm_(model.parameters(), 1.0)",
    ],
    "GRD304 accelerate-clips-before-the-backward-pass": [
        "+ accelerator.backward(loss)",
        "- accelerator.backward(loss)",
    ],
    "GRD306 accelerate-clears-nothing": ["+ optimizer.zero_grad()"],
    "GRD307 accelerate-clears-before-the-step": [
        "+ optimizer.zero_grad()",
        "- optimizer.zero_grad()",
    ],
    "GRD302 called-from-fit": [
        "+ torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)",
        "- torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)",
    ],
    "GRD302 behind-the-scheduler": [
        "+ if clip_gradient_norm:",
        "+ clip_grad_norm_(model.parameters(), clip_gradient_norm)",
        "- if clip_gradient_norm:",
        "- clip_grad_norm_(model.parameters(), clip_gradient_norm)",
    ],
    "GRD302 one-of-two-methods": [
        "+ torch.nn.utils.clip_grad_norm_(self.D.parameters(), 1.0)",
        "- torch.nn.utils.clip_grad_norm_(self.D.parameters(), 1.0)",
    ],
    "GRD302 switched-on-by-a-caller": [
        "+ if max_norm is not None:",
        "+ th.nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
        "- if max_norm is not None:",
        "- th.nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
    ],
    "GRD302 option-of-a-function": [
        "- opt.step()",
        "+ opt.step()",
    ],
    "GRD302 clip-last-script-with-epochs": [
        "+ clip_grad_norm_(model.parameters(), 1.0)",
        "- clip_grad_norm_(model.parameters(), 1.0)",
    ],
    "GRD302 clip-last-function": [
        "+ clip_grad_norm_(model.parameters(), 1.0)",
        "- clip_grad_norm_(model.parameters(), 1.0)",
    ],
    "GRD302 clip-last-class": [
        "+ clip_grad_norm_(self.model.parameters(), 1.0)",
        "- clip_grad_norm_(self.model.parameters(), 1.0)",
    ],
    "GRD302 clip-last-while-true": [
        "+ clip_grad_norm_(model.parameters(), 1.0)",
        "- clip_grad_norm_(model.parameters(), 1.0)",
    ],
    "GRD302 clip-last-flat": [
        "+ clip_grad_norm_(model.parameters(), 1.0)",
        "- clip_grad_norm_(model.parameters(), 1.0)",
    ],
    "GRD303 accumulating": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD303 step-function": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD303 scaler-class-without-unscale": [
        "+ self._scaler.unscale_(optimizer)",
    ],
    "GRD303 limit-of-an-object": [
        "+ self.scaler.unscale_(self.opt)",
    ],
    "GRD303 no-unscale-script-with-epochs": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD303 no-unscale-function": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD303 no-unscale-class": [
        "+ self.scaler.unscale_(self.optimizer)",
    ],
    "GRD303 no-unscale-while-true": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD303 no-unscale-flat": [
        "+ scaler.unscale_(optimizer)",
    ],
    "GRD304 update-of-an-agent": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 option-of-an-object": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 nothing-defined-here": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 clip-first-script-with-epochs": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 clip-first-function": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 clip-first-class": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 clip-first-while-true": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD304 clip-first-flat": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD301 weights-by-hand": [
        "+ nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)",
    ],
    "GRD301 gated-by-hand": [
        "+ nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)",
    ],
    "GRD301 state-given-back": [
        "+ nn.utils.clip_grad_norm_(rnn.parameters(), max_norm=1.0)",
    ],
    "GRD301 cell-by-hand": [
        "+ nn.utils.clip_grad_norm_(rnn.parameters(), max_norm=1.0)",
    ],
    "GRD302 lightning-by-hand": [
        "+ self.clip_gradients(opt, gradient_clip_val=1.0)",
        "- self.clip_gradients(opt, gradient_clip_val=1.0)",
    ],
    "GRD306 by-hand-without-gradient": [
        "+ w.grad = None",
        "+ b.grad = None",
    ],
    "GRD306 by-hand-over-parameters": [
        "+ p.grad = None",
    ],
    "GRD306 by-hand-in-a-function": [
        "+ p.grad = None",
    ],
    "GRD306 by-hand-of-an-object": [
        "+ self.w.grad = None",
    ],
    "GRD306 lightning-by-hand": [
        "+ opt.zero_grad()",
    ],
    "GRD307 lightning-by-hand": [
        "+ opt.zero_grad()",
        "- opt.zero_grad()",
    ],
    "GRD306 cleared-in-the-other-precision": [
        "+ opt.zero_grad()",
    ],
    "GRD306 cleared-where-there-is-no-scaler": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 critic-with-a-penalty": [
        "+ opt_d.zero_grad()",
    ],
    "GRD306 nothing-defined-here": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 learn-method": [
        "+ self.optimizer.zero_grad()",
    ],
    "GRD306 learn-method-that-nobody-calls": [
        "+ self.optimizer.zero_grad()",
    ],
    "GRD306 two-helpers": [
        "+ self.opt.zero_grad()",
    ],
    "GRD306 one-of-a-gan": [
        "+ optG.zero_grad()",
    ],
    "GRD306 one-method-of-a-gan": [
        "+ self.optimizer_D.zero_grad()",
    ],
    "GRD306 actor-of-an-actor-critic": [
        "+ self.actor_optimizer.zero_grad()",
    ],
    "GRD306 several-optimizers": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 dict-of-optimizers": [
        "+ opt.zero_grad()",
    ],
    "GRD306 step-function": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 another-model-is-cleared": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 through-a-scaler": [
        "+ self.optimizer.zero_grad()",
    ],
    "GRD306 accumulating": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 optimizers-of-an-object": [
        "+ opt.zero_grad()",
    ],
    "GRD306 optimize-method": [
        "+ self.optim.zero_grad()",
    ],
    "GRD306 never-script-with-epochs": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 never-function": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 never-class": [
        "+ self.optimizer.zero_grad()",
    ],
    "GRD306 never-while-true": [
        "+ optimizer.zero_grad()",
    ],
    "GRD306 never-flat": [
        "+ optimizer.zero_grad()",
    ],
    "GRD307 ahead-of-the-clip": [
        "+ optimizer.zero_grad()",
        "- optimizer.zero_grad()",
    ],
    "GRD307 in-the-closure": [
        "+ optimizer.zero_grad()",
        "- optimizer.zero_grad()",
    ],
    "GRD307 cleared-too-late-script-with-epochs": [
        "+ optimizer.zero_grad(set_to_none=True)",
        "- optimizer.zero_grad(set_to_none=True)",
    ],
    "GRD307 cleared-too-late-function": [
        "+ optimizer.zero_grad(set_to_none=True)",
        "- optimizer.zero_grad(set_to_none=True)",
    ],
    "GRD307 cleared-too-late-class": [
        "+ self.optimizer.zero_grad(set_to_none=True)",
        "- self.optimizer.zero_grad(set_to_none=True)",
    ],
    "GRD307 cleared-too-late-while-true": [
        "+ optimizer.zero_grad(set_to_none=True)",
        "- optimizer.zero_grad(set_to_none=True)",
    ],
    "GRD307 cleared-too-late-flat": [
        "+ optimizer.zero_grad(set_to_none=True)",
        "- optimizer.zero_grad(set_to_none=True)",
    ],
    "GRD308 step-before-backward-in-a-method": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 method-that-nobody-calls": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 backward-last-script-with-epochs": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 backward-last-function": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 backward-last-class": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 backward-last-while-true": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD308 backward-last-flat": [
        "+ loss.backward()",
        "- loss.backward()",
    ],
    "GRD320 behind-backward-in-a-method": [
        "+ self.opt.step()",
        "- self.opt.step()",
    ],
    "GRD320 inner-function": [
        "+ optimizer.step()",
        "- optimizer.step()",
    ],
    "GRD320 scheduler-as-an-argument": [
        "+ optimizer.step()",
        "- optimizer.step()",
    ],
    "GRD320 scheduler-first-script-with-epochs": [
        "- scheduler.step()",
        "+ scheduler.step()",
    ],
    "GRD320 scheduler-first-function": [
        "- scheduler.step()",
        "+ scheduler.step()",
    ],
    "GRD320 scheduler-first-class": [
        "- self.scheduler.step()",
        "+ self.scheduler.step()",
    ],
    "GRD320 scheduler-first-while-true": [
        "- scheduler.step()",
        "+ scheduler.step()",
    ],
    "GRD320 scheduler-first-flat": [
        "- scheduler.step()",
        "+ scheduler.step()",
    ],
    "GRD322 once-in-a-function": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 behind-the-epoch": [
        "+ optimizer.zero_grad()",
        "- optimizer.zero_grad()",
    ],
    "GRD322 once-for-all": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 SGD-optimizer": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 Adam-optimizer": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 AdamW-optimizer": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 Adagrad-optimizer": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD322 RMSprop-optimizer": [
        "- optimizer.zero_grad()",
        "+ optimizer.zero_grad()",
    ],
    "GRD312 evaluation": [
        "- val_loss += loss",
        "+ val_loss += loss.detach()",
    ],
    "GRD312 history-of-an-object": [
        "- self.history.append(loss)",
        "+ self.history.append(loss.detach())",
    ],
    "GRD312 list-of-an-evaluation": [
        "- losses.append(loss)",
        "+ losses.append(loss.detach())",
    ],
    "GRD312 functional-loss-of-an-evaluation": [
        '- total_loss += F.nll_loss(output, target, reduction="sum")',
        '+ total_loss += F.nll_loss(output, target, reduction="sum").detach()',
    ],
    "GRD312 evaluation-in-a-notebook": [
        "- test_losses.append(loss)",
        "+ test_losses.append(loss.detach())",
    ],
    "GRD312 function-running-loss": [
        "- running_loss += loss",
        "+ running_loss += loss.detach()",
    ],
    "GRD312 times-batch-size": [
        "- train_loss += loss * x.size(0)",
        "+ train_loss += loss.detach() * x.size(0)",
    ],
    "GRD312 written-out-sum": [
        "- epoch_loss = epoch_loss + loss",
        "+ epoch_loss = epoch_loss + loss.detach()",
    ],
    "GRD312 attribute-of-trainer": [
        "- self.history.append(loss)",
        "+ self.history.append(loss.detach())",
    ],
    "GRD312 mixed-precision": [
        "- total_loss += loss",
        "+ total_loss += loss.detach()",
    ],
    "GRD312 part-of-the-loss": [
        "- kl_loss_sum += kl_loss",
        "+ kl_loss_sum += kl_loss.detach()",
    ],
    "GRD312 cpu-keeps-the-graph": [
        "- losses.append(loss.cpu())",
        "+ losses.append(loss.detach().cpu())",
    ],
    "GRD312 given-back-by-a-step": [
        "- total += train_step(model, x, y, optimizer, criterion)",
        "+ total += train_step(model, x, y, optimizer, criterion).detach()",
    ],
    "GRD312 in-a-dict": [
        '- history["loss"].append(loss)',
        '+ history["loss"].append(loss.detach())',
    ],
    "GRD312 retained-by-a-function": [
        "- loss.backward(retain_graph=True)",
        "+ loss.backward()",
    ],
    "GRD316 function": [
        "- loss.backward()",
        "+ (loss / accumulation_steps).backward()",
    ],
    "GRD316 or-the-last-batch": [
        "- loss.backward()",
        "+ (loss / args.accum_steps).backward()",
    ],
    "GRD316 scaler": [
        "- scaler.scale(loss).backward()",
        "+ scaler.scale(loss / accum_iter).backward()",
    ],
    "GRD316 class": [
        "- loss.backward()",
        "+ (loss / self.config.grad_accum).backward()",
    ],
    "GRD316 weighted-parts": [
        "- loss.backward()",
        "+ (loss / 16).backward()",
    ],
    "GRD316 skipping-the-others": [
        "- loss.backward()",
        "+ (loss / n).backward()",
    ],
    "GRD202 method-default": [
        "- layer.weight.data.normal_()",
        "+ torch.nn.init.xavier_normal_(layer.weight)",
    ],
    "GRD202 not-applied-here": [
        "- init.normal_(m.weight, 0, 1)",
        '+ init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ],
    "GRD202 by-class-name-not-applied-here": [
        "+ import torch",
        "- m.weight.data.normal_(0.0, 1.0)",
        '+ torch.nn.init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ],
    "GRD202 by-dimension": [
        "- nn.init.normal_(p, mean=0, std=0.5)",
        '+ nn.init.kaiming_normal_(p, nonlinearity="relu")',
    ],
    "GRD202 trunc-normal-default": [
        "- trunc_normal_(head.weight)",
        '+ nn.init.kaiming_normal_(head.weight, nonlinearity="relu")',
    ],
    "GRD202 uniform-of-both-signs": [
        "- l.weight.data.uniform_(-1, 1)",
        '+ nn.init.xavier_uniform_(l.weight, gain=nn.init.calculate_gain("tanh"))',
    ],
    "GRD204 written-limits": [
        "- init.uniform_(conv.weight, a=0.0, b=1.0)",
        '+ init.kaiming_uniform_(conv.weight, nonlinearity="relu")',
    ],
    "GRD204 loop-over-layers": [
        "- nn.init.uniform_(layer.weight)",
        '+ nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")',
    ],
    "GRD204 method-default": [
        "- layer.weight.data.uniform_()",
        '+ torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")',
    ],
}
