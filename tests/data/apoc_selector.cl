/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectSelector
feature_specification = area mean_intensity
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 2
max_depth = 3
num_trees = 12
feature_importances = 0.25645814442088,0.74354185557912
positive_class_identifier = 2
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
if(i0<123.0){
 if(i1<90.27877807617188){
  if(i0<85.0){
   s0+=0.5555555555555556;
   s1+=0.4444444444444444;
  } else {
   s1+=1.0;
  }
 } else {
  s2+=1.0;
 }
} else {
 if(i1<49.47015380859375){
  s0+=1.0;
 } else {
  if(i0<146.0){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i1<89.78226470947266){
 if(i1<49.176971435546875){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 s2+=1.0;
}
if(i1<49.76964569091797){
 s0+=1.0;
} else {
 if(i1<90.41070556640625){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i0<84.5){
 if(i1<49.176971435546875){
  s0+=1.0;
 } else {
  if(i1<90.53303527832031){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 if(i0<119.5){
  if(i0<97.0){
   s1+=0.5;
   s2+=0.5;
  } else {
   s1+=0.125;
   s2+=0.875;
  }
 } else {
  if(i1<49.561004638671875){
   s0+=1.0;
  } else {
   s1+=0.375;
   s2+=0.625;
  }
 }
}
if(i1<89.65033721923828){
 if(i0<82.0){
  if(i0<57.5){
   s0+=0.5;
   s1+=0.5;
  } else {
   s0+=1.0;
  }
 } else {
  if(i1<49.77336120605469){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 }
} else {
 s2+=1.0;
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
 if(i1<90.27877807617188){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i0<130.0){
 if(i0<86.5){
  if(i1<49.176971435546875){
   s0+=1.0;
  } else {
   s1+=0.6153846153846154;
   s2+=0.38461538461538464;
  }
 } else {
  if(i0<105.0){
   s0+=0.1;
   s2+=0.9;
  } else {
   s0+=0.1111111111111111;
   s1+=0.4444444444444444;
   s2+=0.4444444444444444;
  }
 }
} else {
 if(i0<140.0){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
}
if(i1<90.41070556640625){
 if(i0<77.5){
  if(i1<49.822940826416016){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  if(i1<50.40204620361328){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 }
} else {
 s2+=1.0;
}
if(i0<86.5){
 if(i1<50.29913330078125){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i0<106.5){
  if(i0<95.5){
   s0+=0.16666666666666666;
   s1+=0.6666666666666666;
   s2+=0.16666666666666666;
  } else {
   s2+=1.0;
  }
 } else {
  if(i1<90.27877807617188){
   s0+=0.16666666666666666;
   s1+=0.8333333333333334;
  } else {
   s2+=1.0;
  }
 }
}
if(i0<71.5){
 if(i0<36.5){
  s0+=1.0;
 } else {
  if(i0<69.5){
   s0+=0.4;
   s1+=0.6;
  } else {
   s0+=1.0;
  }
 }
} else {
 if(i0<127.0){
  if(i0<84.5){
   s0+=0.2857142857142857;
   s1+=0.42857142857142855;
   s2+=0.2857142857142857;
  } else {
   s0+=0.13333333333333333;
   s1+=0.2;
   s2+=0.6666666666666666;
  }
 } else {
  if(i0<133.5){
   s1+=1.0;
  } else {
   s0+=0.625;
   s1+=0.375;
  }
 }
}
if(i0<86.5){
 if(i1<48.624786376953125){
  s0+=1.0;
 } else {
  if(i1<90.53303527832031){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
} else {
 if(i1<89.65033721923828){
  if(i0<105.5){
   s0+=0.6;
   s1+=0.4;
  } else {
   s0+=0.2857142857142857;
   s1+=0.7142857142857143;
  }
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
