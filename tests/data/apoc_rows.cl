/*
OpenCL RandomForestClassifier
classifier_class_name = TableRowClassifier
feature_specification = area length
num_ground_truth_dimensions = 1
num_classes = 3
num_features = 2
max_depth = 2
num_trees = 10
feature_importances = 0.22269397780156022,0.7773060221984398
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
if(i0<4.5827107429504395){
 if(i1<2.1703381538391113){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i0<6.921743392944336){
  s1+=0.8571428571428571;
  s2+=0.14285714285714285;
 } else {
  s1+=0.4444444444444444;
  s2+=0.5555555555555556;
 }
}
if(i1<3.987870216369629){
 if(i1<1.7848913669586182){
  s0+=0.5833333333333334;
  s1+=0.4166666666666667;
 } else {
  s1+=0.6153846153846154;
  s2+=0.38461538461538464;
 }
} else {
 s2+=1.0;
}
if(i1<3.6142759323120117){
 if(i1<1.5457050800323486){
  s0+=0.42857142857142855;
  s1+=0.5714285714285714;
 } else {
  s1+=0.7272727272727273;
  s2+=0.2727272727272727;
 }
} else {
 if(i1<3.9729204177856445){
  s1+=0.3333333333333333;
  s2+=0.6666666666666666;
 } else {
  s2+=1.0;
 }
}
if(i0<3.827982187271118){
 if(i1<1.9162298440933228){
  s0+=1.0;
 } else {
  s1+=1.0;
 }
} else {
 if(i1<2.3936562538146973){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<4.0849738121032715){
 if(i0<7.681070327758789){
  s0+=0.21052631578947367;
  s1+=0.7894736842105263;
 } else {
  s1+=0.2857142857142857;
  s2+=0.7142857142857143;
 }
} else {
 s2+=1.0;
}
if(i1<3.9729204177856445){
 if(i1<1.3548663854599){
  s0+=0.4;
  s1+=0.6;
 } else {
  s1+=0.9;
  s2+=0.1;
 }
} else {
 s2+=1.0;
}
if(i1<3.987870216369629){
 if(i1<1.7770415544509888){
  s0+=0.5;
  s1+=0.5;
 } else {
  s1+=0.9090909090909091;
  s2+=0.09090909090909091;
 }
} else {
 s2+=1.0;
}
if(i0<6.505354881286621){
 if(i0<3.827982187271118){
  s0+=0.3076923076923077;
  s1+=0.6923076923076923;
 } else {
  s1+=0.6666666666666666;
  s2+=0.3333333333333333;
 }
} else {
 if(i1<2.1978018283843994){
  s1+=1.0;
 } else {
  s2+=1.0;
 }
}
if(i1<3.959695339202881){
 if(i0<7.685367584228516){
  s0+=0.15789473684210525;
  s1+=0.8421052631578947;
 } else {
  s2+=1.0;
 }
} else {
 s2+=1.0;
}
if(i0<2.8464131355285645){
 s1+=1.0;
} else {
 if(i1<2.3936562538146973){
  s0+=0.25;
  s1+=0.75;
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
