"""forward ends in softmax and the loop feeds that to CrossEntropyLoss.

Report: https://github.com/lansinuote/Huggingface_Toturials/issues/6
"""
import torch
from datasets import load_dataset
from transformers import AdamW, BertModel, BertTokenizer

token = BertTokenizer.from_pretrained("bert-base-chinese")
pretrained = BertModel.from_pretrained("bert-base-chinese")
for param in pretrained.parameters():
    param.requires_grad_(False)


def collate_fn(data):
    batch = token.batch_encode_plus(
        [i["text"] for i in data], truncation=True, padding="max_length", max_length=500,
        return_tensors="pt",
    )
    return batch["input_ids"], batch["attention_mask"], torch.LongTensor([i["label"] for i in data])


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(768, 2)

    def forward(self, input_ids, attention_mask):
        with torch.no_grad():
            out = pretrained(input_ids=input_ids, attention_mask=attention_mask)
        out = self.fc(out.last_hidden_state[:, 0])
        out = out.softmax(dim=1)
        return out


model = Model()
optimizer = AdamW(model.parameters(), lr=5e-4)
criterion = torch.nn.CrossEntropyLoss()
loader = torch.utils.data.DataLoader(load_dataset("seamew/ChnSentiCorp", split="train"),
                                     batch_size=16, collate_fn=collate_fn, shuffle=True)

model.train()
for i, (input_ids, attention_mask, labels) in enumerate(loader):
    out = model(input_ids, attention_mask)
    loss = criterion(out, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if i % 5 == 0:
        print(i, loss.item(), (out.argmax(dim=1) == labels).sum().item() / len(labels))
    if i == 300:
        break
