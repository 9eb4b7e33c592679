/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectClassifier
feature_specification = area mean_intensity max_intensity sum_intensity standard_deviation_intensity mean_max_distance_to_centroid_ratio touching_neighbor_count average_distance_of_n_nearest_neighbors=3 average_distance_of_touching_neighbors
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 9
max_depth = 3
num_trees = 12
feature_importances = 0.0,0.34902637338671155,0.1262193458273346,0.1984432160971098,0.30771896671362636,0.0006478401311348952,0.01794425784408279,0.0,0.0
apoc_version = 0.12.0
*/
__kernel void predict (IMAGE_in0_TYPE in0, IMAGE_in1_TYPE in1, IMAGE_in2_TYPE in2, IMAGE_in3_TYPE in3, IMAGE_in4_TYPE in4, IMAGE_in5_TYPE in5, IMAGE_in6_TYPE in6, IMAGE_in7_TYPE in7, IMAGE_in8_TYPE in8, IMAGE_out_TYPE out) {
 sampler_t sampler = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;
 const int x = get_global_id(0);
 const int y = get_global_id(1);
 const int z = get_global_id(2);
 float i0 = READ_IMAGE(in0, sampler, POS_in0_INSTANCE(x,y,z,0)).x;
 float i1 = READ_IMAGE(in1, sampler, POS_in1_INSTANCE(x,y,z,0)).x;
 float i2 = READ_IMAGE(in2, sampler, POS_in2_INSTANCE(x,y,z,0)).x;
 float i3 = READ_IMAGE(in3, sampler, POS_in3_INSTANCE(x,y,z,0)).x;
 float i4 = READ_IMAGE(in4, sampler, POS_in4_INSTANCE(x,y,z,0)).x;
 float i5 = READ_IMAGE(in5, sampler, POS_in5_INSTANCE(x,y,z,0)).x;
 float i6 = READ_IMAGE(in6, sampler, POS_in6_INSTANCE(x,y,z,0)).x;
 float i7 = READ_IMAGE(in7, sampler, POS_in7_INSTANCE(x,y,z,0)).x;
 float i8 = READ_IMAGE(in8, sampler, POS_in8_INSTANCE(x,y,z,0)).x;
 float s0=0;
 float s1=0;
 float s2=0;
if(i2<67.5){
 s0+=1.0;
} else {
 if(i2<115.0){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i3<4272.5){
 s0+=1.0;
} else {
 if(i4<9.420469284057617){
  s1+=1.0;
 } else {
  if(i5<1.754318118095398){
   s1+=0.16666666666666666;
   s2+=0.8333333333333334;
  } else {
   s2+=1.0;
  }
 }
}
if(i6<4.5){
 if(i3<4770.0){
  s0+=1.0;
 } else {
  if(i3<7703.5){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 if(i1<69.66145324707031){
  s0+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<49.409706115722656){
 s0+=1.0;
} else {
 if(i2<116.0){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i4<7.223726272583008){
 s0+=1.0;
} else {
 if(i1<90.45010375976562){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<49.74079895019531){
 s0+=1.0;
} else {
 if(i1<90.45010375976562){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<49.409706115722656){
 s0+=1.0;
} else {
 if(i4<9.380704879760742){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i4<6.565913200378418){
 s0+=1.0;
} else {
 if(i1<90.67314147949219){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i4<7.169948577880859){
 s0+=1.0;
} else {
 if(i4<9.420469284057617){
  s1+=1.0;
 } else {
  if(i2<113.5){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i3<4424.5){
 s0+=1.0;
} else {
 if(i4<9.420469284057617){
  s1+=1.0;
 } else {
  if(i1<89.73523712158203){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i6<3.5){
 if(i3<4770.0){
  s0+=1.0;
 } else {
  if(i1<90.80328369140625){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 if(i1<69.67958068847656){
  s0+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<90.15213012695312){
 if(i4<6.8125081062316895){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 s2+=1.0;
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
