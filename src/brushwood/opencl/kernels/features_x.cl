// Pass along x: N filters of the same pixels share their loads. Number ODD of them, if not -1, is
// antisymmetric (a first derivative). w[k * N + i] is the weight of filter i at distance k.

__kernel void conv_x(__global const float* restrict src, __global float* restrict dst,
                     __global const float* restrict w, const int radius,
                     const int s_off, const int s_row, const int s_slab,
                     const int d_off, const int d_row, const int d_slab, const int d_slot) {
  const int x = get_global_id(0) * VEC, y = get_global_id(1), z = get_global_id(2);
  __global const float* s = src + s_off + (size_t)z * s_slab + (size_t)y * s_row + x;
  V sum[N];
  const V centre = LOAD(s);
#pragma unroll
  for (int i = 0; i < N; i++) sum[i] = (V)(w[i]) * centre;
  for (int k = 1; k <= radius; k++) {
    const V a = LOAD(s - k), b = LOAD(s + k);
    const V even = a + b, odd = b - a;
    w += N;
#pragma unroll
    for (int i = 0; i < N; i++) sum[i] = FMA(w[i], i == ODD ? odd : even, sum[i]);
  }
  __global float* d = dst + d_off + (size_t)z * d_slab + (size_t)y * d_row + x;
#pragma unroll
  for (int i = 0; i < N; i++) STORE(sum[i], d + (size_t)i * d_slot);
}
