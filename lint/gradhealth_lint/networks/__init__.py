"""How a network of blocks scales the gradient: mean-field theory beyond plain stacks.

A network is a sequence of steps, some of which have arms that run side by side. Forward, a signal
is three numbers: its mean over units, its mean square, and the mean product of two samples (or of
two positions of one image: with independent pixels they are alike, Xiao et al. 2018, arXiv
1806.05393, section 2). Backward, every step multiplies the squared gradient norm:

* an affine map by taps Var(w). Taps are the inputs that one output sees, so a convolution counts
  channels times kernel, a transposed one that over its stride: each output meets kernel / stride
  inputs a dimension (He et al. 2015, arXiv 1502.01852, section 2.2, with L2 norms, for which the
  way back has the fan of the way forward whatever the shapes are; Glorot and Bengio 2010, section
  4.2, count norms per unit, which brings in the ratio of the fans);
* an activation by E[phi'^2];
* a norm by gamma^2 / Var, less the directions it projects out. The variance is over units for
  layer and group norms, and second - overlap for batch norm, which makes its networks explode by
  pi / (pi - 1) a ReLU layer (Yang et al. 2019, arXiv 1902.08129, section 3.1);
* dropout by E[mask^2] = 1 / (1 - p), an average over n by 1 / n, a maximum by 1;
* arms that are added by the sum of their factors, for independent weights make cross terms vanish
  (Yang and Schoenholz 2017, arXiv 1712.08969, section 4); concatenated ones by their mean over
  units; multiplied ones each by the mean square of the others.

All gains are ratios of L2 norms; the loss's scale and reduction do not matter.
"""
