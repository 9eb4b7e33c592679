/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectClassifier
feature_specification = area mean_intensity max_intensity sum_intensity standard_deviation_intensity mean_max_distance_to_centroid_ratio touching_neighbor_count average_distance_of_n_nearest_neighbors=3 average_distance_of_touching_neighbors
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 9
max_depth = 3
num_trees = 12
feature_importances = 0.00535475234270415,0.40633032865363633,0.15312354299565126,0.048131836532579096,0.34880043610988903,0.009549032041478608,0.0,0.028710071324061625,0.0
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
if(i2<112.5){
 if(i2<66.5){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 s2+=1.0;
}
if(i3<6913.5){
 if(i4<6.928443431854248){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i5<1.66502046585083){
  s1+=1.0;
 } else {
  if(i1<89.78226470947266){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i7<9.139511108398438){
 if(i3<4180.5){
  s0+=1.0;
 } else {
  if(i3<7058.0){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 if(i1<90.41070556640625){
  if(i2<67.0){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  s2+=1.0;
 }
}
if(i1<90.41070556640625){
 if(i2<68.0){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 s2+=1.0;
}
if(i4<8.810783386230469){
 if(i1<49.77336120605469){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i4<9.286169052124023){
  if(i7<8.946840286254883){
   s2+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  s2+=1.0;
 }
}
if(i1<48.96461486816406){
 s0+=1.0;
} else {
 if(i1<90.27877807617188){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<49.176971435546875){
 s0+=1.0;
} else {
 if(i4<9.286169052124023){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i4<9.64419174194336){
 if(i1<49.176971435546875){
  s0+=1.0;
 } else {
  if(i1<91.57525634765625){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 s2+=1.0;
}
if(i4<7.1083221435546875){
 s0+=1.0;
} else {
 if(i4<8.810783386230469){
  s1+=1.0;
 } else {
  if(i2<109.5){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i4<9.080572128295898){
 if(i4<7.282299041748047){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 s2+=1.0;
}
if(i7<8.722235679626465){
 if(i0<76.0){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i1<90.41070556640625){
  if(i1<49.77336120605469){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  s2+=1.0;
 }
}
if(i1<89.65033721923828){
 if(i4<6.81428337097168){
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
