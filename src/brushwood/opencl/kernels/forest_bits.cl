// Deep trees on a CPU: 256 neighbouring pixels (16 columns of ROWS = 16 rows) go down a tree at once.
//
// Which pixels reach a node is one 512-bit vector: bit r of lane c stands for the pixel in row r and
// column c. A node's question sets such a vector by 16 comparisons; two bit operations split it for
// the children. Nodes lie in pre-order, so the left child comes next and the right child's pixels
// wait in a slot until the left subtree is done; a subtree that no pixel reaches is skipped as a
// whole, which in natural images are most of them. Nothing depends on the forest but its arrays.
//
// BITS: bits of a leaf's number. FEATURES: most features, which are copied to private memory; or 0,
// then there are too many, and they are read where they are. A leaf's number is its row in its tree's
// table; or the class it is certain of, where a tree has no table. TABLE: whether any tree has one.
//
// nodes, 4 + 2 * BITS words each: position in `used`, threshold as bits, slot, inner nodes of the subtree,
// then for each bit a word of ones or zeros, for the left child and for the right one (zeros unless it
// is a leaf). trees, 4 words each: first node, end, first float in `table`, rows.

#define ROWS 16
#define OWN 16  // classes whose sums are kept here; the sums of more are kept in `out`
#define WORDS (4 + 2 * BITS)

#if FEATURES
#define VALUES __private const float16* x
#define ROW(r) x[r]
#else
#define VALUES __global const float* x, const int height, const int pitch
#define ROW(r) vload16(0, x + (size_t)min(r, height - 1) * pitch)
#endif

uint16 goes_right(VALUES, const float t)
{
  // Four chains, since each step waits for the one before it.
  uint16 a = 0u, b = 0u, c = 0u, d = 0u;
#pragma unroll
  for (int r = 0; r < ROWS; r += 4) {
    a = select(a, a | (1u << r), ROW(r) > t);
    b = select(b, b | (2u << r), ROW(r + 1) > t);
    c = select(c, c | (4u << r), ROW(r + 2) > t);
    d = select(d, d | (8u << r), ROW(r + 3) > t);
  }
  return (a | b) | (c | d);
}

// Number of the leaf that each pixel of row r reached.
uint16 leaf_of(__private const uint16* code, const int r)
{
  uint16 leaf = 0u;
#pragma unroll
  for (int b = 0; b < BITS; b++) leaf |= ((code[b] >> (uint)r) & 1u) << (uint)b;
  return leaf;
}

float16 look_up(__global const float* restrict row, const uint16 i)
{
#if BITS <= 4
  return shuffle(vload16(0, row), i);
#else
  return (float16)(row[i.s0], row[i.s1], row[i.s2], row[i.s3], row[i.s4], row[i.s5], row[i.s6],
                   row[i.s7], row[i.s8], row[i.s9], row[i.sa], row[i.sb], row[i.sc], row[i.sd],
                   row[i.se], row[i.sf]);
#endif
}

__attribute__((vec_type_hint(float16)))
__kernel void forest_bits(
    __global const float* restrict X, __global float* restrict out,
    __global const uint* restrict nodes, __global const int* restrict trees,
    __global const float* restrict table, __global const int* restrict used, const int n_trees,
    const int features, const int classes, const int plane, const int rows, const int pitch,
    const int first, const int total)
{
  const int top = get_global_id(1) * ROWS, left = get_global_id(0) * 16;
  const int height = min(ROWS, rows - top);
  const size_t at = (size_t)top * pitch + left, pixels = (size_t)rows * pitch;
#if FEATURES
  float16 x[FEATURES * ROWS];
#endif
  float16 sum[(OWN - 1) * ROWS];
  uint16 waiting[65];
  uint16 code[BITS];

#if FEATURES
  for (int f = 0; f < features; f++) {
    __global const float* source = X + (size_t)used[f] * plane + at;
    for (int r = 0; r < ROWS; r++)
      x[f * ROWS + r] = vload16(0, source + (size_t)min(r, height - 1) * pitch);
  }
#endif
  // All classes but the first have sums of their own; the first has the rest.
  const int own = classes <= OWN ? classes - 1 : 0;
  for (int k = 0; k < own * ROWS; k++) sum[k] = 0.0f;
  if (first && !own)
    for (int c = 0; c < classes; c++)
      for (int r = 0; r < height; r++) vstore16((float16)0.0f, 0, out + c * pixels + at + (size_t)r * pitch);

  for (int t = 0; t < n_trees; t++) {
    const int end = trees[4 * t + 1];
    waiting[0] = ~0u;
    for (int b = 0; b < BITS; b++) code[b] = 0u;
    for (int n = trees[4 * t]; n < end;) {
      __global const uint* node = nodes + (size_t)n * WORDS;
      const int slot = node[2];
      const uint16 here = waiting[slot];
      if (!any(here != 0u)) {
        n += node[3];
        continue;
      }
#if FEATURES
      const uint16 q = goes_right(x + node[0] * ROWS, as_float(node[1]));
#else
      const uint16 q =
          goes_right(X + (size_t)used[node[0]] * plane + at, height, pitch, as_float(node[1]));
#endif
      const uint16 to_left = here & ~q, to_right = here & q;
      waiting[slot] = to_right;
      waiting[slot + 1] = to_left;
#pragma unroll
      for (int b = 0; b < BITS; b++) {
        code[b] |= to_left & node[4 + 2 * b];
        code[b] |= to_right & node[5 + 2 * b];
      }
      n++;
    }
    __global const float* rows_of = table + trees[4 * t + 2];
    const int n_rows = trees[4 * t + 3];
    for (int r = 0; r < height; r++) {
      const uint16 leaf = leaf_of(code, r);
      for (int c = 0; c < own; c++) {
#if TABLE
        if (n_rows) {
          sum[c * ROWS + r] += look_up(rows_of + (size_t)(c + 1) * n_rows, leaf);
          continue;
        }
#endif
#if BITS == 1
        sum[r] += convert_float16(leaf);
#else
        sum[c * ROWS + r] += select((float16)0.0f, (float16)1.0f, leaf == (uint)(c + 1));
#endif
      }
      if (own) continue;
      __global float* o = out + at + (size_t)r * pitch;
#if TABLE
      if (n_rows) {
        for (int c = 0; c < classes; c++)
          vstore16(vload16(0, o + c * pixels) + look_up(rows_of + (size_t)c * n_rows, leaf), 0, o + c * pixels);
        continue;
      }
#endif
      uint lane[16];
      vstore16(leaf, 0, lane);
      for (int k = 0; k < 16; k++) o[lane[k] * pixels + k] += 1.0f;
    }
  }

  const float share = total ? 1.0f / total : 1.0f;
  for (int r = 0; r < height; r++) {
    __global float* o = out + at + (size_t)r * pitch;
    float16 rest = (float)n_trees;
    for (int c = classes - 1; c >= 0; c--) {
      float16 value = 0.0f;
      if (own) {
        value = c ? sum[(c - 1) * ROWS + r] : max(rest, 0.0f);
        rest -= value;
      }
      if (!own || !first) value += vload16(0, o + c * pixels);
      vstore16(value * share, 0, o + c * pixels);
    }
  }
}
