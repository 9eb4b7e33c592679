/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectMerger
feature_specification = touch_portion touch_count mean_touch_intensity centroid_distance mean_intensity_difference standard_deviation_intensity_difference area_difference mean_max_distance_to_centroid_ratio_difference
num_ground_truth_dimensions = 2
num_classes = 2
num_features = 8
max_depth = 3
num_trees = 12
feature_importances = 0.1692885540946011,0.07658810574725407,0.11136643060577052,0.2714182122679976,0.055016809595882545,0.10956379397628462,0.17126353903228322,0.0354945546799262
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
if(i3<9.819490432739258){
 s1+=1.0;
} else {
 if(i4<61.923988342285156){
  if(i7<0.012953579425811768){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 } else {
  if(i5<5.132579803466797){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
}
if(i2<48.958335876464844){
 s0+=1.0;
} else {
 if(i3<8.284590721130371){
  s0+=1.0;
 } else {
  if(i0<0.1517857164144516){
   s0+=1.0;
  } else {
   s0+=0.07692307692307693;
   s1+=0.9230769230769231;
  }
 }
}
if(i5<0.9024076461791992){
 s1+=1.0;
} else {
 if(i6<28.5){
  if(i4<40.04755783081055){
   s0+=0.4444444444444444;
   s1+=0.5555555555555556;
  } else {
   s1+=1.0;
  }
 } else {
  s0+=1.0;
 }
}
if(i6<1.5){
 s1+=1.0;
} else {
 if(i3<9.819490432739258){
  if(i0<0.2928850054740906){
   s0+=0.2;
   s1+=0.8;
  } else {
   s0+=1.0;
  }
 } else {
  if(i0<0.14901477098464966){
   s0+=1.0;
  } else {
   s0+=0.8;
   s1+=0.2;
  }
 }
}
if(i5<4.226865768432617){
 if(i3<9.776790618896484){
  if(i1<7.5){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 } else {
  if(i3<11.357553482055664){
   s0+=1.0;
  } else {
   s0+=0.8571428571428571;
   s1+=0.14285714285714285;
  }
 }
} else {
 s1+=1.0;
}
if(i3<9.819490432739258){
 if(i5<2.2752699851989746){
  if(i3<8.811702728271484){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  s1+=1.0;
 }
} else {
 if(i5<4.226865768432617){
  s0+=1.0;
 } else {
  if(i3<11.170684814453125){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 }
}
if(i0<0.17477375268936157){
 if(i6<38.5){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
} else {
 if(i1<14.5){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
}
if(i0<0.25830140709877014){
 if(i6<38.5){
  s1+=1.0;
 } else {
  if(i3<10.155879974365234){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
} else {
 if(i7<0.23062151670455933){
  s0+=1.0;
 } else {
  if(i0<0.2864656448364258){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
}
if(i2<48.958335876464844){
 s0+=1.0;
} else {
 if(i4<2.3608741760253906){
  s0+=1.0;
 } else {
  if(i2<81.4375){
   s0+=0.125;
   s1+=0.875;
  } else {
   s0+=0.6666666666666666;
   s1+=0.3333333333333333;
  }
 }
}
if(i0<0.14901477098464966){
 if(i7<0.0396350622177124){
  s1+=1.0;
 } else {
  s0+=1.0;
 }
} else {
 if(i6<8.5){
  if(i3<9.019662857055664){
   s1+=1.0;
  } else {
   s0+=0.8571428571428571;
   s1+=0.14285714285714285;
  }
 } else {
  if(i4<81.4835433959961){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
}
if(i2<81.4375){
 if(i3<9.96713638305664){
  s1+=1.0;
 } else {
  if(i2<48.378787994384766){
   s0+=1.0;
  } else {
   s0+=0.6666666666666666;
   s1+=0.3333333333333333;
  }
 }
} else {
 if(i3<9.304706573486328){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
}
if(i6<27.5){
 if(i5<3.8117916584014893){
  if(i2<48.958335876464844){
   s0+=1.0;
  } else {
   s0+=0.3333333333333333;
   s1+=0.6666666666666666;
  }
 } else {
  s1+=1.0;
 }
} else {
 if(i5<2.729027509689331){
  s0+=1.0;
 } else {
  if(i3<9.966888427734375){
   s1+=1.0;
  } else {
   s0+=1.0;
  }
 }
}
 float max_s=s0;
 int cls=1;
 if (max_s < s1) {
  max_s = s1;
  cls=2;
 }
 WRITE_IMAGE (out, POS_out_INSTANCE(x,y,z,0), cls);
}
