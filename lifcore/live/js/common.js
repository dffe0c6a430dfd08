// What the figures of several chapters share.

export function plural(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

// The parameters of the neuron: those under the reader's hand and those that stay.
export function neuron(fixed, values) {
  return { ...fixed, ...values };
}

// A few fixed heights, so that the axis rests while a slider moves.
export function niceTop(highest, heights) {
  return heights.find((height) => height >= 1.02 * highest) ?? heights.at(-1);
}
