"""Events of a camera whose pixels see an image move: each pixel tells when its log intensity has changed by C.

    L = log(floor + I);    abs(L - reference) >= C: an event, ON if L is above, OFF if below; reference moves by C to it

The image moves along three straight legs, (-a, -a) to (0, a) to (a, -a) and back, as in N-MNIST (Orchard et al. 2015).  The
intensity is taken at equal times and L is a straight line between them, on which the event's time is found (Rebecq et al.
2018).
"""

from __future__ import annotations

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import log

__all__ = ["path_position", "pixel_intensity", "saccade_events"]

# Where light has come and gone a pixel ends exactly C from its reference: rounding must not decide whether it speaks.
ALMOST = 1.0 - 1e-9


@kernel("f8(f8[:, ::1], f8, f8)")
def pixel_intensity(image, row, column):
    """The image between its pixels' centres, which lie at whole numbers: bilinear, and dark outside."""
    height = image.shape[0]
    width = image.shape[1]
    if not (-1.0 < row < height and -1.0 < column < width):
        return 0.0
    # The sum may be rounded up to the next whole number.
    i = min(int(row + 1.0), height) - 1
    j = min(int(column + 1.0), width) - 1
    p = row - i
    q = column - j
    upper_left = image[i, j] if i >= 0 and j >= 0 else 0.0
    upper_right = image[i, j + 1] if i >= 0 and j + 1 < width else 0.0
    lower_left = image[i + 1, j] if i + 1 < height and j >= 0 else 0.0
    lower_right = image[i + 1, j + 1] if i + 1 < height and j + 1 < width else 0.0
    upper = upper_left + q * (upper_right - upper_left)
    lower = lower_left + q * (lower_right - lower_left)
    return upper + p * (lower - upper)


@kernel("UniTuple(f8, 2)(f8, f8)")
def path_position(leg, amplitude):
    """Where the image is, to the right and down, after `leg` legs, from 0 to 3."""
    if leg <= 1.0:
        return amplitude * (leg - 1.0), amplitude * (2.0 * leg - 1.0)
    if leg <= 2.0:
        return amplitude * (leg - 1.0), amplitude * (3.0 - 2.0 * leg)
    return amplitude * (5.0 - 2.0 * leg), -amplitude


@kernel("i8(f8[:, ::1], i4, i4, f8, f8, f8, i4, f8, f8, f8[::1], i4[::1], i4[::1], u1[::1])")
def saccade_events(image, height, width, scale, amplitude, duration, samples, contrast, floor, t, x, y, polarity):
    """Events of all pixels, pixel by pixel and in time within each; returns their number, writes as many as fit.

    Parameters
    ----------
    image : intensities, 0 or more
    height, width : of the sensor, in the middle of which the image is shown
    scale : pixels of the image for one pixel of the sensor
    amplitude : a, in pixels of the sensor
    duration : of all three legs
    samples : points in time on each leg
    contrast, floor : C and floor, greater than 0
    t, x, y, polarity : what is written; polarity 1 is ON, 0 is OFF
    """
    n = 0
    points = 3 * samples
    for i in range(height):
        for j in range(width):
            # Centres of the sensor and of the image lie upon each other when the path is at its origin.
            row = (i - 0.5 * (height - 1)) * scale + 0.5 * (image.shape[0] - 1)
            column = (j - 0.5 * (width - 1)) * scale + 0.5 * (image.shape[1] - 1)
            reference = 0.0
            before = 0.0
            seen = -1.0
            for k in range(points + 1):
                right, down = path_position(3.0 * k / points, amplitude)
                intensity = pixel_intensity(image, row - scale * down, column - scale * right)
                if intensity == seen:
                    continue
                seen = intensity
                level = log(floor + intensity)
                if k == 0:
                    reference = level
                else:
                    step = contrast if level > reference else -contrast
                    while abs(level - reference) >= ALMOST * contrast:
                        reference += step
                        if n < t.size:
                            fraction = min((reference - before) / (level - before), 1.0)
                            t[n] = duration * ((k - 1 + fraction) / points)
                            x[n] = j
                            y[n] = i
                            polarity[n] = 1 if step > 0.0 else 0
                        n += 1
                before = level
    return n
