"""What fixes of the loss rules change in the bad examples of ``rule_cases``."""

from __future__ import annotations

from typing import Final

CHANGES: Final[dict[str, list[str]]] = {
    "GRD406 squares-clamped-to-zero": [
        "- return torch.relu(torch.sqrt(d) - margin).mean()",
        "+ return torch.relu(torch.sqrt(d + 1e-8) - margin).mean()",
    ],
    "GRD401 softmax-model-and-trainer": [
        "- return F.softmax(self.out(h), dim=1)",
        "+ return self.out(h)",
    ],
    "GRD401 softmax-script": ["- out = F.softmax(net(x), dim=1)", "+ out = net(x)"],
    "GRD401 softmax-function": ["- out = F.softmax(logits, dim=1)", "+ out = logits"],
    "GRD401 softmax-lightning": ["- return F.softmax(self.net(x), dim=1)", "+ return self.net(x)"],
    "GRD401 softmax-loss-in-forward": [
        "- out = F.softmax(self.head(h[:, -1]), dim=1)",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD401 method-model-and-trainer": [
        "- return self.out(h).softmax(dim=-1)",
        "+ return self.out(h)",
    ],
    "GRD401 method-script": ["- out = net(x).softmax(dim=-1)", "+ out = net(x)"],
    "GRD401 method-function": ["- out = logits.softmax(dim=-1)", "+ out = logits"],
    "GRD401 method-lightning": ["- return self.net(x).softmax(dim=-1)", "+ return self.net(x)"],
    "GRD401 method-loss-in-forward": [
        "- out = self.head(h[:, -1]).softmax(dim=-1)",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD401 sigmoid-model-and-trainer": [
        "- return torch.sigmoid(self.out(h))",
        "+ return self.out(h)",
    ],
    "GRD401 sigmoid-script": ["- out = torch.sigmoid(net(x))", "+ out = net(x)"],
    "GRD401 sigmoid-function": ["- out = torch.sigmoid(logits)", "+ out = logits"],
    "GRD401 sigmoid-lightning": ["- return torch.sigmoid(self.net(x))", "+ return self.net(x)"],
    "GRD401 sigmoid-loss-in-forward": [
        "- out = torch.sigmoid(self.head(h[:, -1]))",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD402 sigmoid-model-and-trainer": [
        "- return torch.sigmoid(self.out(h))",
        "+ return self.out(h)",
    ],
    "GRD402 sigmoid-script": ["- out = torch.sigmoid(net(x))", "+ out = net(x)"],
    "GRD402 sigmoid-function": ["- out = torch.sigmoid(logits)", "+ out = logits"],
    "GRD402 sigmoid-lightning": ["- return torch.sigmoid(self.net(x))", "+ return self.net(x)"],
    "GRD402 sigmoid-loss-in-forward": [
        "- out = torch.sigmoid(self.head(h[:, -1]))",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD402 method-model-and-trainer": ["- return self.out(h).sigmoid()", "+ return self.out(h)"],
    "GRD402 method-script": ["- out = net(x).sigmoid()", "+ out = net(x)"],
    "GRD402 method-function": ["- out = logits.sigmoid()", "+ out = logits"],
    "GRD402 method-lightning": ["- return self.net(x).sigmoid()", "+ return self.net(x)"],
    "GRD402 method-loss-in-forward": [
        "- out = self.head(h[:, -1]).sigmoid()",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD402 layer-model-and-trainer": [
        "- return nn.Sigmoid()(self.out(h))",
        "+ return self.out(h)",
    ],
    "GRD402 layer-script": ["- out = nn.Sigmoid()(net(x))", "+ out = net(x)"],
    "GRD402 layer-function": ["- out = nn.Sigmoid()(logits)", "+ out = logits"],
    "GRD402 layer-lightning": ["- return nn.Sigmoid()(self.net(x))", "+ return self.net(x)"],
    "GRD402 layer-loss-in-forward": [
        "- out = nn.Sigmoid()(self.head(h[:, -1]))",
        "+ out = self.head(h[:, -1])",
    ],
    "GRD404 torch-log": [
        "- return torch.log(torch.softmax(logits, dim=1)).mean()",
        "+ return torch.log_softmax(logits, dim=1).mean()",
    ],
    "GRD404 method-chain": [
        "- return logits.softmax(-1).log().mean()",
        "+ return logits.log_softmax(-1).mean()",
    ],
    "GRD404 sigmoid": [
        "- return -torch.log(torch.sigmoid(logits)).mean()",
        "+ return -F.logsigmoid(logits).mean()",
    ],
    "GRD404 sigmoid-method": [
        "- return -logits.sigmoid().log().mean()",
        "+ return -F.logsigmoid(logits).mean()",
    ],
    "GRD404 kept-in-a-variable": [
        "- return -(p * torch.log(p)).sum(-1).mean()",
        "+ return -(p * torch.log_softmax(logits, dim=-1)).sum(-1).mean()",
    ],
    "GRD404 method-of-a-variable": [
        "- return -probs.log()[index].mean()",
        "+ return -F.log_softmax(scores, 1)[index].mean()",
    ],
    "GRD405 gan-in-two-steps": [
        "- g_loss = th.mean((1 - score).log())",
        "+ g_loss = th.mean((th.clamp_min(1 - score, 1e-6)).log())",
    ],
    "GRD405 focal": [
        "- neg = (1 - targets) * p ** 2 * torch.log(1 - p)",
        "+ neg = (1 - targets) * p ** 2 * torch.log((1 - p).clamp_min(1e-6))",
    ],
    "GRD405 clamped-to-zero": [
        "- return -(count * torch.log(rate)).mean()",
        "+ return -(count * torch.log(rate.clamp_min(1e-6))).mean()",
    ],
    "GRD405 relu-before": [
        "- return log(relu(self.fc(x)))",
        "+ return log(relu(self.fc(x)).clamp_min(1e-6))",
    ],
    "GRD405 bound-that-is-one": [
        "- return -(y * p.log() + (1 - y) * (1 - p).log()).mean()",
        "+ return -(y * p.log() + (1 - y) * (torch.clamp_min(1 - p, 1e-6)).log()).mean()",
    ],
    "GRD405 bound-by-a-default": [
        "- return -((1 - target) * torch.log(1 - p)).mean()",
        "+ return -((1 - target) * torch.log((1 - p).clamp_min(1e-6))).mean()",
    ],
    "GRD406 method-and-power": [
        "- d = ((a - b).pow(2).sum(1)) ** 0.5",
        "+ d = (((a - b).pow(2).sum(1) + 1e-8)) ** 0.5",
    ],
    "GRD406 through-a-helper": [
        "- return torch.sqrt(torch.mean(torch.square(a - b)))",
        "+ return torch.sqrt(torch.mean(torch.square(a - b)) + 1e-8)",
    ],
    "GRD406 variance": [
        "- return torch.cat([h.mean(1), torch.sqrt(h.var(1))], 1)",
        "+ return torch.cat([h.mean(1), torch.sqrt(h.var(1) + 1e-8)], 1)",
    ],
    "GRD406 criterion-in-a-notebook": [
        "- loss = torch.sqrt(criterion(pred, y))",
        "+ loss = torch.sqrt(criterion(pred, y) + 1e-8)",
    ],
    "GRD406 lambda": [
        "- loss_fn = lambda a, b: F.mse_loss(a, b).sqrt()",
        "+ loss_fn = lambda a, b: (F.mse_loss(a, b) + 1e-8).sqrt()",
    ],
    "GRD406 magnitude": [
        "- magnitude = torch.sqrt(pred_real ** 2 + pred_imag ** 2)",
        "+ magnitude = torch.sqrt((pred_real ** 2 + pred_imag ** 2) + 1e-8)",
    ],
    "GRD408 clip-in-a-function": [
        "- features = features / features.norm(dim=-1, keepdim=True)",
        "+ features = F.normalize(features, dim=-1)",
    ],
    "GRD408 expanded": [
        "- unit = emb.div(length.expand_as(emb))",
        "+ unit = emb.div(length.expand_as(emb).clamp_min(1e-8))",
    ],
    "GRD408 linalg": [
        "- unit = output / torch.linalg.vector_norm(output, dim=1, keepdim=True)",
        "+ unit = F.normalize(output, dim=1)",
    ],
    "GRD408 product-of-norms": [
        "- return (dots / lengths).mean()",
        "+ return (dots / lengths.clamp_min(1e-8)).mean()",
    ],
    "GRD408 correlation": [
        "- return 1 - (a * b).sum() / (a.norm() * b.norm())",
        "+ return 1 - (a * b).sum() / (torch.clamp_min(a.norm() * b.norm(), 1e-8))",
    ],
    "GRD408 quaternion": [
        "- q_pred = q_pred / q_pred.norm(dim=1).view(-1, 1)",
        "+ q_pred = q_pred / q_pred.norm(dim=1).view(-1, 1).clamp_min(1e-8)",
    ],
    "GRD408 inverse-power": [
        "- scale = pred.norm(dim=1, keepdim=True).pow(-1)",
        "+ scale = pred.norm(dim=1, keepdim=True).clamp_min(1e-8).pow(-1)",
    ],
    "GRD408 layer-of-its-own": [
        "- return torch.div(x, length)",
        "+ return torch.div(x, length.clamp_min(1e-8))",
    ],
    "GRD408 helper": [
        "- return v / torch.norm(v, dim=-1, keepdim=True)",
        "+ return F.normalize(v, dim=-1)",
    ],
    "GRD408 standardised": [
        "- return ((pred - pred.mean()) / pred.std()).pow(3).mean()",
        "+ return ((pred - pred.mean()) / pred.std().clamp_min(1e-8)).pow(3).mean()",
    ],
    "GRD408 notebook": [
        "- pred = pred / torch.norm(pred, dim=1, keepdim=True)",
        "+ pred = F.normalize(pred, dim=1)",
    ],
    "GRD409 dot-of-units": [
        "- return cos.acos().mean()",
        "+ return cos.clamp(-1 + 1e-7, 1 - 1e-7).acos().mean()",
    ],
    "GRD409 divided-by-norms": [
        "- return torch.arccos(cos).mean()",
        "+ return torch.arccos(cos.clamp(-1 + 1e-7, 1 - 1e-7)).mean()",
    ],
    "GRD409 atanh-of-tanh": [
        "- return a, torch.atanh(a)",
        "+ return a, torch.atanh(a.clamp(-1 + 1e-7, 1 - 1e-7))",
    ],
    "GRD409 bound-that-is-one": [
        "- return torch.acos(cosine.clamp(-1 + 1e-9, 1 - 1e-9)).mean()",
        "+ return torch.acos(cosine.clamp(-1 + 1e-9, 1 - 1e-9).clamp(-1 + 1e-7, 1 - 1e-7)).mean()",
    ],
    "GRD412 layer-in-a-sequential": [
        "- model = nn.Sequential(nn.Linear(8, 5), nn.Softmax(dim=-1))",
        "+ model = nn.Sequential(nn.Linear(8, 5), nn.LogSoftmax(dim=-1))",
    ],
    "GRD412 softmax-model-and-trainer": [
        "- return F.softmax(self.out(h), dim=1)",
        "+ return F.log_softmax(self.out(h), dim=1)",
    ],
    "GRD412 softmax-script": [
        "- out = F.softmax(net(x), dim=1)",
        "+ out = F.log_softmax(net(x), dim=1)",
    ],
    "GRD412 softmax-lightning": [
        "- return F.softmax(self.net(x), dim=1)",
        "+ return F.log_softmax(self.net(x), dim=1)",
    ],
    "GRD414 softmax-model-and-trainer": [
        "- return self.out(h).softmax(dim=1)",
        "+ return self.out(h).log_softmax(dim=1)",
    ],
    "GRD414 softmax-script": ["- out = net(x).softmax(dim=1)", "+ out = net(x).log_softmax(dim=1)"],
    "GRD414 softmax-lightning": [
        "- return self.net(x).softmax(dim=1)",
        "+ return self.net(x).log_softmax(dim=1)",
    ],
    "GRD501 blocks-of-own-class": [
        "- self.blocks = list(Block(width) for _ in range(depth))",
        "+ self.blocks = nn.ModuleList(list(Block(width) for _ in range(depth)))",
    ],
    "GRD501 sequentials": ["- self.experts = [", "+ self.experts = nn.ModuleList([", "- ]", "+ ])"],
    "GRD501 filled-by-a-helper-method": ["- self.downs = []", "+ self.downs = nn.ModuleList([])"],
    "GRD501 tuple": [
        "- self.rnns = tuple(LSTM(size, size) for _ in range(3))",
        "+ self.rnns = torch.nn.ModuleList(tuple(LSTM(size, size) for _ in range(3)))",
    ],
    "GRD504 tensor-of-numbers": ["- w.sub_(0.1 * w.grad)", "+ w.data.sub_(0.1 * w.grad)"],
    "GRD504 init-function": ["- m.weight.normal_(0.0, 0.02)", "+ m.weight.data.normal_(0.0, 0.02)"],
    "GRD504 attack-along-the-sign": [
        "- adversarial.add_(alpha * adversarial.grad.sign())",
        "+ adversarial.data.add_(alpha * adversarial.grad.sign())",
    ],
    "GRD507 variable": [
        "- self.core = Variable(torch.zeros(n, k).cuda(), requires_grad=True)",
        "+ self.core = nn.Parameter(Variable(torch.zeros(n, k).cuda(), requires_grad=True))",
    ],
    "GRD507 requires-grad-afterwards": [
        "- self.logits = th.zeros(k)",
        "+ self.logits = nn.Parameter(th.zeros(k))",
    ],
    "GRD507 from-numpy": [
        "- self.atoms = torch.from_numpy(start).float().requires_grad_()",
        "+ self.atoms = nn.Parameter(torch.from_numpy(start).float().requires_grad_())",
    ],
}
