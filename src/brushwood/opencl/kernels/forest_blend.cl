// Shallow trees on a CPU: every tree is a perfect tree of depth 4, and a work-item computes 16 columns
// of ROWS = 4 rows by choosing between the leaves' values from the bottom up, 16 pixels at a time.
// Where all its pixels go the same way at the root, which is usual, half of the tree is left out.
//
// For each tree: 15 features (times ROWS) and thresholds, level by level, and for each class but the
// first 16 leaf values. A question that the tree does not ask has an infinite threshold (all go left).

#define ROWS 4

#define TREE                                                               \
  __private const float16* restrict x, __global const int* restrict f,     \
  __global const float* restrict t, __global const float* restrict leaf
#define THE_TREE x, f, t, leaf
#define RIGHT(k) (x[f[k]] > t[k])

// Value of the subtree below node k, of the depth that the function's name says.
float16 one(TREE, const int k)
{
  return select((float16)leaf[2 * k - 14], (float16)leaf[2 * k - 13], RIGHT(k));
}

float16 two(TREE, const int k)
{
  return select(one(THE_TREE, 2 * k + 1), one(THE_TREE, 2 * k + 2), RIGHT(k));
}

float16 three(TREE, const int k)
{
  return select(two(THE_TREE, 2 * k + 1), two(THE_TREE, 2 * k + 2), RIGHT(k));
}

__attribute__((vec_type_hint(float16)))
__kernel void forest_blend(
    __global const float* restrict X, __global float* restrict out,
    __global const int* restrict feature, __global const float* restrict threshold,
    __global const float* restrict leaves, __global const int* restrict used, const int n_trees,
    const int features, const int classes, const int plane, const int rows, const int pitch,
    const int first, const int total)
{
  const int top = get_global_id(1) * ROWS, left = get_global_id(0) * 16;
  const int height = min(ROWS, rows - top);
  const size_t at = (size_t)top * pitch + left, pixels = (size_t)rows * pitch;
  float16 x[FEATURES * ROWS];
  float16 rest[ROWS];

  for (int k = 0; k < features; k++)
    for (int r = 0; r < ROWS; r++)
      x[k * ROWS + r] =
          vload16(0, X + (size_t)used[k] * plane + at + (size_t)min(r, height - 1) * pitch);
  for (int r = 0; r < ROWS; r++) rest[r] = (float)n_trees;

  const float share = total ? 1.0f / total : 1.0f;
  for (int c = classes - 1; c >= 0; c--) {
    float16 sum[ROWS];
    for (int r = 0; r < ROWS; r++) sum[r] = 0.0f;
    // The first class has what the others leave.
    for (int n = 0; n < n_trees && c > 0; n++) {
      __global const int* f = feature + n * 15;
      __global const float* t = threshold + n * 15;
      __global const float* leaf = leaves + ((size_t)n * (classes - 1) + c - 1) * 16;
      int16 some = 0, every = -1;
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const int16 right = x[f[0] + r] > t[0];
        some |= right;
        every &= right;
      }
      if (!any(some) || all(every)) {
        const int k = any(some) ? 2 : 1;
#pragma unroll
        for (int r = 0; r < ROWS; r++) sum[r] += three(x + r, f, t, leaf, k);
      } else {
#pragma unroll
        for (int r = 0; r < ROWS; r++)
          sum[r] += select(three(x + r, f, t, leaf, 1), three(x + r, f, t, leaf, 2), x[f[0] + r] > t[0]);
      }
    }
    for (int r = 0; r < height; r++) {
      __global float* o = out + c * pixels + at + (size_t)r * pitch;
      const float16 value = c ? sum[r] : max(rest[r], 0.0f);
      rest[r] -= sum[r];
      vstore16((first ? value : vload16(0, o) + value) * share, 0, o);
    }
  }
}
