// Filters of a padded block, as passes along one axis each.
//
// A work-item computes VEC neighbouring pixels of a row; rows are padded, so there is no remainder.
// Sums run in a fixed order with explicit fma, so that a pixel's value never depends on the block
// it is computed in. Passes end in their own kernels: features_*.cl.

#pragma OPENCL FP_CONTRACT OFF

#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#if VEC == 1
typedef float V;
typedef int I;
#define LANES 0
#define LOAD(p) (*(p))
#define STORE(v, p) (*(p) = (v))
#else
typedef GLUE(float, VEC) V;
typedef GLUE(int, VEC) I;
#if VEC == 4
#define LANES (I)(0, 1, 2, 3)
#elif VEC == 8
#define LANES (I)(0, 1, 2, 3, 4, 5, 6, 7)
#else
#define LANES (I)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#endif
#define LOAD(p) GLUE(vload, VEC)(0, p)
#define STORE(v, p) GLUE(vstore, VEC)(v, 0, p)
#endif
#define FMA(w, v, sum) fma((V)(w), v, sum)

// Rounding may take a sum of squares below zero.
V root(V x) { return sqrt(fmax(x, (V)(0.0f))); }
