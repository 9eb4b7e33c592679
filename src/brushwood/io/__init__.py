"""Files in and out: model files, and images with their axes and calibration."""
