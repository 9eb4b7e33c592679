// From probability planes to maps: smooth, choose the class, measure uncertainty, crop.
//
// Planes hold rows of `pitch` floats, a multiple of 16. Every sum is written with fma in a fixed
// order and the logarithm is our own, so that a pixel's value does not depend on where in a block,
// or in which vector lane, it is computed. Launches are rounded up to whole work-groups of one size,
// since some runtimes compile a kernel anew for each size; what is too much returns at once.

#if VEC == 16
typedef float16 floatV;
typedef int16 intV;
#define LOAD(p) vload16(0, p)
#define STORE(v, p) vstore16(v, 0, p)
#define AS_INT as_int16
#define AS_FLOAT as_float16
#define TO_FLOAT convert_float16
#define TO_UCHAR convert_uchar16
#define TO_USHORT convert_ushort16
#elif VEC == 4
typedef float4 floatV;
typedef int4 intV;
#define LOAD(p) vload4(0, p)
#define STORE(v, p) vstore4(v, 0, p)
#define AS_INT as_int4
#define AS_FLOAT as_float4
#define TO_FLOAT convert_float4
#define TO_UCHAR convert_uchar4
#define TO_USHORT convert_ushort4
#else
typedef float floatV;
typedef int intV;
#define LOAD(p) (*(p))
#define STORE(v, p) (*(p) = (v))
#define AS_INT as_int
#define AS_FLOAT as_float
#define TO_FLOAT convert_float
#define TO_UCHAR convert_uchar
#define TO_USHORT convert_ushort
#endif

#if WIDE_IDS
#define OUT ushort
#define TO_OUT TO_USHORT
#else
#define OUT uchar
#define TO_OUT TO_UCHAR
#endif

// Index of `g` in an image of n pixels mirrored at its borders (d c b a | a b c d | d c b a).
int mirror(int g, const int n)
{
  const int period = 2 * n;
  g %= period;
  if (g < 0) g += period;
  return g < n ? g : period - 1 - g;
}

// Position in the block of image index g; beyond the block it is clamped, which only pixels of the
// margin ever see.
int inside(const int g, const int image, const int start, const int size)
{
  return clamp(mirror(g, image) - start, 0, size - 1);
}

__attribute__((vec_type_hint(floatV)))
__kernel void smooth_x(
    __global const float* restrict src, __global float* restrict dst,
    __global const float* restrict w, const int radius, const int pitch,
    const int size, const int start, const int image)
{
  const int x = get_global_id(0) * VEC;
  if (x >= pitch) return;
  __global const float* s = src + (size_t)get_global_id(1) * pitch;
  __global float* d = dst + (size_t)get_global_id(1) * pitch + x;
  if (x >= radius && x + VEC + radius <= size) {
    floatV sum = w[0] * LOAD(s + x);
    for (int k = 1; k <= radius; k++)
      sum = fma((floatV)w[k], LOAD(s + x - k) + LOAD(s + x + k), sum);
    STORE(sum, d);
  } else {
    for (int lane = 0; lane < VEC; lane++) {
      const int g = min(x + lane, size - 1) + start;
      float sum = w[0] * s[g - start];
      for (int k = 1; k <= radius; k++)
        sum = fma(w[k], s[inside(g - k, image, start, size)] + s[inside(g + k, image, start, size)], sum);
      d[lane] = sum;
    }
  }
}

// Along y or z: `step` floats from one pixel to its neighbour, `size` of them, in runs of `outer`.
__attribute__((vec_type_hint(floatV)))
__kernel void smooth_across(
    __global const float* restrict src, __global float* restrict dst,
    __global const float* restrict w, const int radius, const int step, const int size,
    const int start, const int image)
{
  const size_t x = (size_t)get_global_id(0) * VEC;
  if (x >= (size_t)step) return;
  const int at = get_global_id(1);
  const size_t base = (size_t)get_global_id(2) * size * step + x;
  floatV sum = w[0] * LOAD(src + base + (size_t)at * step);
  for (int k = 1; k <= radius; k++) {
    const size_t a = inside(at + start - k, image, start, size);
    const size_t b = inside(at + start + k, image, start, size);
    sum = fma((floatV)w[k], LOAD(src + base + a * step) + LOAD(src + base + b * step), sum);
  }
  STORE(sum, dst + base + (size_t)at * step);
}

#define SOURCE                                                                           \
  const int x = get_global_id(0) * VEC, y = get_global_id(1), z = get_global_id(2);      \
  if (x >= width) return;                                                                \
  const int n = width - x;                                                               \
  __global const float* p = src + ((size_t)(z + z0) * rows + y + y0) * pitch + x + x0;   \
  const size_t o = ((size_t)z * get_global_size(1) + y) * width + x;

#define SOURCE_PARAMETERS                                                                \
  __global const float* restrict src, const int classes, const int plane,                \
  const int rows, const int pitch, const int z0, const int y0, const int x0,             \
  const int width, const int size

// The first VEC of n floats, the last one repeated.
floatV head(__global const float* p, const int n)
{
  if (n >= VEC) return LOAD(p);
  float lane[VEC];
  for (int k = 0; k < VEC; k++) lane[k] = p[min(k, n - 1)];
  return LOAD(lane);
}

// Store the first n lanes.
#define STORE_HEAD(type, value, p, n)                      \
  if (n >= VEC) {                                          \
    STORE(value, p);                                       \
  } else {                                                 \
    type lane[VEC];                                        \
    STORE(value, lane);                                    \
    for (int k = 0; k < n; k++) (p)[k] = lane[k];          \
  }

__attribute__((vec_type_hint(floatV)))
__kernel void best_class(SOURCE_PARAMETERS, __global OUT* restrict out, __global const int* restrict ids)
{
  SOURCE
  floatV best = -1.0f;
  intV id = ids[0];
  for (int c = 0; c < classes; c++) {
    const floatV q = head(p + (size_t)c * plane, n);
    id = select(id, (intV)ids[c], q > best);
    best = select(best, q, q > best);
  }
  STORE_HEAD(OUT, TO_OUT(id), out + o, n)
}

__attribute__((vec_type_hint(floatV)))
__kernel void crop(SOURCE_PARAMETERS, __global float* restrict out)
{
  SOURCE
  for (int c = 0; c < classes; c++) {
    const floatV q = head(p + (size_t)c * plane, n);
    STORE_HEAD(float, q, out + (size_t)c * size + o, n)
  }
}

// Natural logarithm of a positive normal number, within 1e-7 (the polynomial of Cephes' logf).
floatV logarithm(const floatV v)
{
  const intV bits = AS_INT(v) - 0x3f3504f3;
  const floatV e = TO_FLOAT(bits >> 23);
  const floatV x = AS_FLOAT((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;
  floatV y = 7.0376836292e-2f;
  y = fma(y, x, (floatV)-1.1514610310e-1f);
  y = fma(y, x, (floatV)1.1676998740e-1f);
  y = fma(y, x, (floatV)-1.2420140846e-1f);
  y = fma(y, x, (floatV)1.4249322787e-1f);
  y = fma(y, x, (floatV)-1.6668057665e-1f);
  y = fma(y, x, (floatV)2.0000714765e-1f);
  y = fma(y, x, (floatV)-2.4999993993e-1f);
  y = fma(y, x, (floatV)3.3333331174e-1f);
  const floatV xx = x * x;
  y = fma(y * xx, x, fma((floatV)-0.5f, xx, x));
  return fma(e, (floatV)0.69314718056f, y);
}

__attribute__((vec_type_hint(floatV)))
__kernel void entropy(SOURCE_PARAMETERS, __global float* restrict out, const float scale)
{
  SOURCE
  floatV sum = 0.0f;
  for (int c = 0; c < classes; c++) {
    const floatV q = head(p + (size_t)c * plane, n);
    // Nothing to add where q is tiny or NaN; its logarithm is taken all the same, and dropped.
    sum = select(sum, fma(-q, logarithm(q), sum), q > 1e-30f);
  }
  STORE_HEAD(float, clamp(sum * scale, (floatV)0.0f, (floatV)1.0f), out + o, n)
}
