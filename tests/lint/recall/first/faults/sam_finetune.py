"""Everything runs under frozen encoders and a thresholded mask; requires_grad_ hides the error.

Report: https://github.com/mazurowski-lab/finetune-SAM/issues/26
"""
import monai
import torch
from torch import optim
from torch.utils.data import DataLoader


def train_model(sam, dataset, epochs=200, lr=1e-4, device="cuda"):
    loader = DataLoader(dataset, batch_size=4, shuffle=True, num_workers=4)
    for p in sam.image_encoder.parameters():
        p.requires_grad = False
    for p in sam.prompt_encoder.parameters():
        p.requires_grad = False
    opt = optim.AdamW(sam.mask_decoder.parameters(), lr=lr, weight_decay=0.1)
    criterion = monai.losses.DiceCELoss(sigmoid=True, reduction="mean")

    for epoch in range(epochs):
        sam.train()
        epoch_loss = 0.0
        for batch in loader:
            imgs = batch["image"].to(device)
            msks = batch["mask"].to(device)
            with torch.no_grad():
                emb = sam.image_encoder(imgs)
                sparse, dense = sam.prompt_encoder(points=None, boxes=None, masks=None)
                pred, _ = sam.mask_decoder(
                    image_embeddings=emb,
                    image_pe=sam.prompt_encoder.get_dense_pe(),
                    sparse_prompt_embeddings=sparse,
                    dense_prompt_embeddings=dense,
                    multimask_output=True,
                )
            loss = criterion(pred, msks.float())
            loss.requires_grad_(True)
            loss.backward()
            opt.step()
            opt.zero_grad(set_to_none=True)
            epoch_loss += loss.item()
        print(f"Eopch num {epoch}| train loss: {epoch_loss / len(loader)}")
