/*
OpenCL RandomForestClassifier
classifier_class_name = TableRowClassifier
feature_specification = area length
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 2
max_depth = 2
num_trees = 10
feature_importances = 0.4330125316825427,0.5669874683174573
apoc_version = 0.12.0
*/
__kernel void predict (IMAGE_in0_TYPE in0, IMAGE_in1_TYPE in1, IMAGE_out_TYPE out) {
 sampler_t sampler = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;
 const int x = get_global_id(0);
 const int y = get_global_id(1);
 const int z = get_global_id(2);
 float i0 = READ_IMAGE(in0, sampler, POS_in0_INSTANCE(x,y,z,0)).x;
 float i1 = READ_IMAGE(in1, sampler, POS_in1_INSTANCE(x,y,z,0)).x;
 float s0=0;
 float s1=0;
 float s2=0;
if(i0<5.760019302368164){
 if(i1<4.159483432769775){
  s0+=0.125;
  s1+=0.75;
  s2+=0.125;
 } else {
  s1+=1.0;
 }
} else {
 if(i0<8.240070343017578){
  s2+=1.0;
 } else {
  s1+=0.45454545454545453;
  s2+=0.5454545454545454;
 }
}
if(i1<2.02783465385437){
 s1+=1.0;
} else {
 if(i1<3.051332473754883){
  s1+=0.07142857142857142;
  s2+=0.9285714285714286;
 } else {
  s1+=0.6428571428571429;
  s2+=0.35714285714285715;
 }
}
if(i1<4.256442070007324){
 if(i1<3.3083419799804688){
  s0+=0.06666666666666667;
  s1+=0.6666666666666666;
  s2+=0.26666666666666666;
 } else {
  s2+=1.0;
 }
} else {
 if(i1<4.802097797393799){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i0<3.603698253631592){
 s1+=1.0;
} else {
 if(i1<2.019984722137451){
  s0+=0.16666666666666666;
  s1+=0.8333333333333334;
 } else {
  s2+=1.0;
 }
}
if(i1<2.019984722137451){
 s1+=1.0;
} else {
 if(i0<4.40371036529541){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<2.031611442565918){
 if(i1<1.6694426536560059){
  s1+=1.0;
 } else {
  s0+=0.6666666666666666;
  s1+=0.3333333333333333;
 }
} else {
 if(i1<4.030725479125977){
  s1+=0.13333333333333333;
  s2+=0.8666666666666667;
 } else {
  s1+=1.0;
 }
}
if(i1<4.0176682472229){
 if(i1<2.02783465385437){
  s1+=1.0;
 } else {
  s1+=0.2727272727272727;
  s2+=0.7272727272727273;
 }
} else {
 s1+=1.0;
}
if(i0<3.322758913040161){
 s1+=1.0;
} else {
 if(i0<8.21615982055664){
  s0+=0.06666666666666667;
  s1+=0.06666666666666667;
  s2+=0.8666666666666667;
 } else {
  s1+=0.6666666666666666;
  s2+=0.3333333333333333;
 }
}
if(i1<4.142871379852295){
 if(i0<2.675271987915039){
  s1+=1.0;
 } else {
  s0+=0.05263157894736842;
  s1+=0.3157894736842105;
  s2+=0.631578947368421;
 }
} else {
 s1+=1.0;
}
if(i0<5.513399124145508){
 s1+=1.0;
} else {
 if(i1<2.019984722137451){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
 float max_s=s0;
 int cls=1;
 if (max_s < s1) {
  max_s = s1;
  cls=2;
 }
 if (max_s < s2) {
  max_s = s2;
  cls=3;
 }
 WRITE_IMAGE (out, POS_out_INSTANCE(x,y,z,0), cls);
}
