/*
OpenCL RandomForestClassifier
classifier_class_name = ObjectSelector
feature_specification = area mean_intensity
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 2
max_depth = 3
num_trees = 12
feature_importances = 0.24189974872170747,0.7581002512782925
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
if(i0<50.5){
 s0+=1.0;
} else {
 if(i1<90.45010375976562){
  if(i0<82.5){
   s0+=1.0;
  } else {
   s0+=0.4444444444444444;
   s1+=0.5555555555555556;
  }
 } else {
  s2+=1.0;
 }
}
if(i1<49.409706115722656){
 s0+=1.0;
} else {
 if(i1<90.67314147949219){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<50.00244903564453){
 s0+=1.0;
} else {
 if(i1<89.54341125488281){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i0<77.5){
 if(i1<71.18704223632812){
  s0+=1.0;
 } else {
  s2+=1.0;
 }
} else {
 if(i1<90.45010375976562){
  if(i0<141.5){
   s0+=0.47368421052631576;
   s1+=0.5263157894736842;
  } else {
   s1+=1.0;
  }
 } else {
  s2+=1.0;
 }
}
if(i1<49.409706115722656){
 s0+=1.0;
} else {
 if(i0<79.5){
  s2+=1.0;
 } else {
  if(i0<83.5){
   s1+=1.0;
  } else {
   s1+=0.5;
   s2+=0.5;
  }
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
 if(i1<90.45010375976562){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i0<109.0){
 if(i0<82.5){
  if(i1<50.00299835205078){
   s0+=1.0;
  } else {
   s1+=0.5;
   s2+=0.5;
  }
 } else {
  if(i0<83.5){
   s1+=1.0;
  } else {
   s0+=0.0625;
   s1+=0.4375;
   s2+=0.5;
  }
 }
} else {
 if(i0<140.0){
  if(i1<50.417030334472656){
   s0+=1.0;
  } else {
   s1+=1.0;
  }
 } else {
  if(i1<69.74295806884766){
   s0+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i1<49.409706115722656){
 s0+=1.0;
} else {
 if(i0<64.5){
  s2+=1.0;
 } else {
  if(i1<89.76722717285156){
   s1+=1.0;
  } else {
   s2+=1.0;
  }
 }
}
if(i0<61.5){
 s0+=1.0;
} else {
 if(i1<49.28751754760742){
  s0+=1.0;
 } else {
  if(i0<89.5){
   s1+=0.4;
   s2+=0.6;
  } else {
   s1+=0.875;
   s2+=0.125;
  }
 }
}
if(i0<61.5){
 s0+=1.0;
} else {
 if(i0<123.5){
  if(i0<73.0){
   s0+=0.25;
   s2+=0.75;
  } else {
   s0+=0.16666666666666666;
   s1+=0.5555555555555556;
   s2+=0.2777777777777778;
  }
 } else {
  if(i0<143.5){
   s0+=0.75;
   s1+=0.08333333333333333;
   s2+=0.16666666666666666;
  } else {
   s1+=1.0;
  }
 }
}
if(i0<50.5){
 s0+=1.0;
} else {
 if(i1<90.15213012695312){
  if(i1<49.409706115722656){
   s0+=1.0;
  } else {
   s1+=1.0;
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
