/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectMerger
feature_specification = touch_portion touch_count mean_touch_intensity centroid_distance mean_intensity_difference standard_deviation_intensity_difference area_difference mean_max_distance_to_centroid_ratio_difference
num_ground_truth_dimensions = 2
num_classes = 2
num_features = 8
max_depth = 3
num_trees = 12
feature_importances = 0.12819213354468376,0.050162528103704584,0.10385672922953104,0.30983214497920375,0.17685846013923637,0.10672753950064877,0.06536710643853501,0.05900335806445672
apoc_version = 0.12.0
*/
__kernel void predict (IMAGE_in0_TYPE in0, IMAGE_in1_TYPE in1, IMAGE_in2_TYPE in2, IMAGE_in3_TYPE in3, IMAGE_in4_TYPE in4, IMAGE_in5_TYPE in5, IMAGE_in6_TYPE in6, IMAGE_in7_TYPE in7, IMAGE_out_TYPE out) {
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
 float s0=0;
 float s1=0;
if(i4<40.10643005371094){
 if(i4<38.340049743652344){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
} else {
 if(i0<0.1875){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
}
if(i3<10.062746047973633){
 if(i7<0.036543309688568115){
  s1+=1.0;
 } else {
  if(i0<0.2928850054740906){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
} else {
 if(i1<4.0){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
}
if(i5<2.845541477203369){
 if(i7<0.016688823699951172){
  s0+=1.0;
 } else {
  if(i3<13.34852123260498){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
} else {
 s0+=1.0;
}
if(i6<45.5){
 if(i3<13.34852123260498){
  if(i0<0.26634615659713745){
   s0+=0.05;
   s1+=0.95;
  } else {
   s0+=1.0;
  }
 } else {
  s0+=1.0;
 }
} else {
 s0+=1.0;
}
if(i5<3.5526299476623535){
 if(i3<10.009838104248047){
  s1+=1.0;
 } else {
  if(i1<4.0){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
} else {
 s0+=1.0;
}
if(i3<10.009838104248047){
 if(i5<2.845541477203369){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
} else {
 s0+=1.0;
}
if(i3<10.009838104248047){
 if(i4<40.10643005371094){
  if(i1<9.0){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 } else {
  s1+=1.0;
 }
} else {
 s0+=1.0;
}
if(i0<0.07514245063066483){
 s1+=1.0;
} else {
 if(i6<9.0){
  if(i3<9.019662857055664){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 } else {
  if(i2<90.30769348144531){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 }
}
if(i2<89.44444274902344){
 if(i4<38.340049743652344){
  if(i2<40.36666488647461){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  if(i4<41.910804748535156){
   s0+=1.0;
  } else {
   s0+=0.25;
   s1+=0.75;
  }
 }
} else {
 s1+=1.0;
}
if(i0<0.19334974884986877){
 if(i7<0.0396350622177124){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
} else {
 if(i3<10.009838104248047){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
}
if(i4<0.7109918594360352){
 s1+=1.0;
} else {
 if(i3<10.009838104248047){
  if(i4<40.289695739746094){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  s0+=1.0;
 }
}
if(i2<89.44444274902344){
 if(i0<0.08241758495569229){
  s1+=1.0;
 } else {
  if(i7<0.14530611038208008){
   s0+=1.0;
  } else {
   s0+=0.6;
   s1+=0.4;
  }
 }
} else {
 s1+=1.0;
}
 float max_s=s0;
 int cls=1;
 if (max_s < s1) {
  max_s = s1;
  cls=2;
 }
 WRITE_IMAGE (out, POS_out_INSTANCE(x,y,z,0), cls);
}
