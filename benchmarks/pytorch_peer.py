"""The released A2U matting network in PyTorch, to measure ours against: same wiring, names and numbers.

Written anew from what the paper and the vectors of the released model say, not from its code. Its reassembly is CUDA;
here it is made of stock operations: by `unfold`, or in the form that was found quickest on a CPU.

Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021: dynamic,
channel-shared, kernels of 3 x 3 up and 6 x 6 down, encoding filters of 6 x 6. Maps are `(N, C, H, W)`.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, as everybody calls it
from torch import Tensor, nn

SLOPE = 0.01  # of every LeakyReLU
EPSILON = 1e-5
UP, DOWN, ENCODING = 3, 6, 6  # sides of the kernels and of the encoding filters


class Norm(nn.BatchNorm2d):
    """InPlaceABN: batch normalisation that scales by |weight| + epsilon, and LeakyReLU unless told otherwise."""

    def __init__(self, channels: int, activate: bool = True) -> None:
        super().__init__(channels, EPSILON)
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        scale, statistics = self.weight.abs() + EPSILON, (self.running_mean, self.running_var)
        x = F.batch_norm(x, *statistics, scale, self.bias, self.training, self.momentum, EPSILON)
        return F.leaky_relu(x, SLOPE, inplace=True) if self.activate else x


def conv(channels: int, filters: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias, zeros around it."""
    return nn.Conv2d(channels, filters, size, stride, size // 2, bias=False)


def conv_norm(channels: int, filters: int, size: int = 3) -> nn.Sequential:
    """Convolution, normalisation and LeakyReLU."""
    return nn.Sequential(conv(channels, filters, size), Norm(filters))


def named(**parts: nn.Module) -> nn.Sequential:
    """Modules one after the other, by name."""
    return nn.Sequential(OrderedDict(parts))


class Kernels(nn.Module):
    """A2U's kernels for both directions, made of a map of even height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        groups = max(n for n in range(1, 33) if channels % n == 0)
        for name in ("bnu", "bnv"):
            norm = nn.GroupNorm(groups, channels, EPSILON)
            self.add_module(name, nn.Sequential(norm, nn.LeakyReLU(SLOPE, inplace=True)))
        for name, taps in (("bconv_UP", 4 * UP**2), ("bconv_DP", DOWN**2)):
            self.add_module(name, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, taps, 1)))
        for name in ("bconv_U", "bconv_V"):
            self.add_module(name, nn.Sequential(nn.AdaptiveAvgPool2d(ENCODING), nn.Conv2d(channels, 1, 1)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return `(down, up)`: `(N, 36, H / 2, W / 2)` and `(N, 9, H, W)`."""
        dtype = x.dtype
        with torch.autocast(x.device.type, enabled=False):  # norms and softmax need float32
            x = x.float()
            product = self.bnu(encode(x, self.bconv_U(x))) * self.bnv(encode(x, self.bconv_V(x)))
            affinity = product.sum(1, keepdim=True) / x.shape[1] ** 0.5
            down = (self.bconv_DP(x) * affinity).softmax(1)
            up = F.pixel_shuffle(self.bconv_UP(x) * affinity, 2).sigmoid().softmax(1)
        return down.to(dtype), up.to(dtype)


def encode(x: Tensor, filters: Tensor) -> Tensor:
    """Filter each picture's channels by its one filter `(N, 1, k, k)`, with stride 2."""
    batch, channels, height, width = x.shape
    filters = filters.expand(-1, channels, -1, -1).reshape(-1, 1, ENCODING, ENCODING)
    x = F.conv2d(x.reshape(1, -1, height, width), filters, None, 2, (ENCODING - 1) // 2, 1, len(filters))
    return x.reshape(batch, channels, height // 2, width // 2)


# Both are single operations to the compiler, as the released CUDA is. Its own loops over taps, or over the windows of
# `unfold`, are slower, and where it can see into the sum it makes the kernels anew for every channel.


@torch.library.custom_op("a2u_peer::reassemble_down", mutates_args=())
def reassemble_down(x: Tensor, kernels: Tensor) -> Tensor:
    """Halve a map: each pixel is a weighted sum of the 6 x 6 that begin two above and left of its cell."""
    height, width = kernels.shape[2:]
    before = (DOWN - 1) // 2
    # By position in the cell, so that what a tap reads lies side by side in memory.
    cells = F.pixel_unshuffle(F.pad(x, 4 * [before]), 2).unflatten(1, (-1, 4))
    y = x.new_zeros(*x.shape[:2], height, width)
    for tap in range(DOWN**2):
        i, j = divmod(tap, DOWN)
        part = cells[:, :, 2 * (i % 2) + j % 2, i // 2 : i // 2 + height, j // 2 : j // 2 + width]
        y.addcmul_(kernels[:, tap, None], part)
    return y


@torch.library.custom_op("a2u_peer::reassemble_up", mutates_args=())
def reassemble_up(x: Tensor, kernels: Tensor) -> Tensor:
    """Double a map: the four pixels of a cell are weighted sums of the 3 x 3 around it."""
    batch, channels, height, width = x.shape
    x = F.pad(x, 4 * [UP // 2])
    kernels = F.pixel_unshuffle(kernels, 2).view(batch, 1, -1, 4, height, width)
    y = x.new_zeros(batch, channels, 4, height, width)
    for tap in range(UP**2):
        i, j = divmod(tap, UP)
        y.addcmul_(kernels[:, :, tap], x[:, :, None, i : i + height, j : j + width])
    return F.pixel_shuffle(y.flatten(1, 2), 2)


@reassemble_down.register_fake
@reassemble_up.register_fake
def _(x: Tensor, kernels: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:2], *kernels.shape[2:])


def unfold_down(x: Tensor, kernels: Tensor) -> Tensor:
    """`reassemble_down` as a sum over windows, all of which lie in memory unless the compiler sees a way around."""
    windows = F.unfold(x, DOWN, padding=(DOWN - 1) // 2, stride=2)
    return (windows.view(*x.shape[:2], DOWN**2, *kernels.shape[2:]) * kernels[:, None]).sum(2)


def unfold_up(x: Tensor, kernels: Tensor) -> Tensor:
    """`reassemble_up`, likewise."""
    windows = F.unfold(x, UP, padding=UP // 2).view(x.shape[0], -1, *x.shape[2:])
    windows = F.interpolate(windows, scale_factor=2).view(*x.shape[:2], UP**2, *kernels.shape[2:])
    return (windows * kernels[:, None]).sum(2)


class Reassembly(NamedTuple):
    """Both directions, as functions of a map and kernel maps."""

    down: Callable[[Tensor, Tensor], Tensor]
    up: Callable[[Tensor, Tensor], Tensor]


REASSEMBLIES = {"taps": Reassembly(reassemble_down, reassemble_up), "unfold": Reassembly(unfold_down, unfold_up)}


class Block(nn.Module):
    """Two convolutions beside a shortcut, which is projected where the channels change."""

    def __init__(self, channels: int, filters: int, body: str = "convs") -> None:
        super().__init__()
        self.body = body
        parts = {"conv1": conv(channels, filters), "bn1": Norm(filters)}
        parts |= {"conv2": conv(filters, filters), "bn2": Norm(filters, activate=False)}
        self.add_module(body, named(**parts))
        self.projected = channels != filters
        if self.projected:
            self.proj_conv, self.proj_bn = conv(channels, filters, 1), Norm(filters, activate=False)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.proj_bn(self.proj_conv(x)) if self.projected else x
        return F.leaky_relu(getattr(self, self.body)(x) + shortcut, SLOPE, inplace=True)


class DownBlock(nn.Module):
    """A block that halves the map between its convolutions; returns the kernels to enlarge it, too."""

    def __init__(self, channels: int, filters: int, reassembly: Reassembly) -> None:
        super().__init__()
        self.reassembly = reassembly
        self.layer1 = named(conv1=conv(channels, filters), bn1=Norm(filters))
        self.bilinear = Kernels(filters)
        self.layer2 = named(conv2=conv(filters, filters), bn2=Norm(filters, activate=False))
        self.proj_conv, self.proj_bn = conv(channels, filters, 1, stride=2), Norm(filters, activate=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shortcut = self.proj_bn(self.proj_conv(x))
        x = self.layer1(x)
        down, up = self.bilinear(x)
        x = self.layer2(self.reassembly.down(x, down))
        return F.leaky_relu(x + shortcut, SLOPE, inplace=True), up


class Branch(nn.Module):
    """One of the pyramid's: a convolution of 1 x 1, behind a dilated one for each channel where there is a dilation."""

    def __init__(self, channels: int, filters: int, dilation: int = 0) -> None:
        super().__init__()
        self.atrous_conv = conv_norm(channels, filters, 1)
        if dilation:
            depthwise = nn.Conv2d(channels, channels, 3, 1, dilation, dilation, channels, bias=False)
            self.atrous_conv = nn.Sequential(depthwise, Norm(channels), *self.atrous_conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.atrous_conv(x)


class Pyramid(nn.Module):
    """Atrous spatial pyramid pooling."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        for number, dilation in enumerate((0, 6, 12, 18), 1):
            self.add_module(f"aspp{number}", Branch(channels, filters, dilation))
        self.global_avg_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), *conv_norm(channels, filters, 1))
        self.bottleneck_conv = conv_norm(5 * filters, filters, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.aspp1(x), self.aspp2(x), self.aspp3(x), self.aspp4(x)]
        branches.append(self.global_avg_pool(x).expand(-1, -1, *x.shape[2:]))
        return self.dropout(self.bottleneck_conv(torch.cat(branches, 1)))


class Peer(nn.Module):
    """The whole network, for channels as `peer` gives them."""

    def __init__(self, encoder: list[int], pyramid: int, decoder: list[int], reassembly: Reassembly) -> None:
        super().__init__()
        self.reassembly = reassembly
        stem, middle, deep = encoder
        self.layer0 = conv_norm(4, stem, 7)
        self.bilinear0, self.bilinear1 = Kernels(stem), Kernels(stem)
        self.layer1 = self._blocks(stem)
        self.layer2_1, self.layer2_2 = DownBlock(stem, middle, reassembly), self._blocks(middle)
        self.layer3_1, self.layer3_2 = DownBlock(middle, deep, reassembly), self._blocks(deep)
        self.dconv_pp = Pyramid(deep, pyramid)
        channels = pyramid
        for level, skipped in ((4, middle), (3, stem), (2, stem), (1, 4)):
            self.add_module(f"short{level - 1}", conv_norm(skipped, channels))
            filters = decoder[level - 1]
            first, second = (Block(count, filters, "dep_sep_conv") for count in (channels, filters))
            self.add_module(f"decoder_layer{level}", named(dconv=first, dconv1=second))
            channels = filters
        self.pred = nn.Sequential(conv_norm(channels, 1), conv(1, 1))

    @staticmethod
    def _blocks(channels: int) -> nn.Sequential:
        return named(**{f"block{number}": Block(channels, channels) for number in (1, 2, 3)})

    def forward(self, x: Tensor) -> Tensor:
        skips, kernels = [x], []
        x = self.layer0(x)
        for generator in (self.bilinear0, self.bilinear1):
            down, up = generator(x)
            kernels.append(up)
            x = self.reassembly.down(x, down)
            skips.append(x)
        skips[2] = x = self.layer1(x)
        x, up = self.layer2_1(x)
        kernels.append(up)
        x = self.layer2_2(x)
        skips.append(x)
        x, up = self.layer3_1(x)
        kernels.append(up)
        x = self.dconv_pp(self.layer3_2(x))
        for level in (3, 2, 1, 0):
            x = self.reassembly.up(x, kernels[level]) + getattr(self, f"short{level}")(skips[level])
            x = getattr(self, f"decoder_layer{level + 1}")(x)
        return self.pred(x)


def peer(width: float = 1.0, reassembly: str = "taps") -> nn.Module:
    """Return the network with random weights, as the released one is initialised.

    It maps `(N, 4, H, W)`, RGB normalised by ImageNet's statistics and the trimap in [0, 1], height and width multiples
    of 16, to a matte `(N, 1, H, W)` that nothing squashes. `width` is a factor on the channels of every layer;
    `reassembly` is one of `REASSEMBLIES`.
    """
    stem, middle, deep, pyramid, *decoder = (max(1, round(n * width)) for n in (64, 128, 256, 256, 32, 64, 64, 128))
    network = Peer([stem, middle, deep], pyramid, decoder, REASSEMBLIES[reassembly])
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_normal_(module.weight, nn.init.calculate_gain("leaky_relu", SLOPE))
    return network
