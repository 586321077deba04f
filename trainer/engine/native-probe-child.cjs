// Loads a native TensorFlow.js package and computes one gradient with it, in a process of its own: a libtensorflow
// that does not fit ends the process (symbol lookup error, SIGILL, SIGSEGV), which no try/catch sees.
// usage: node native-probe-child.cjs ABSOLUTE_PATH_OF_THE_PACKAGE
"use strict";

const { writeSync } = require("node:fs");

const tf = require(process.argv[2]);
const [value] = tf.tidy(() => {
  const gradient = tf.grad((w) => tf.sum(tf.square(tf.matMul(w, tf.ones([2, 2])))));
  return gradient(tf.ones([2, 2])).dataSync();
});
const gpu = tf.backend().isUsingGpuDevice === true;
const ok = tf.getBackend() === "tensorflow" && value === 8;
// synchronous, as some native libraries crash when the process ends
writeSync(3, JSON.stringify({ ok, value, gpu, version: tf.version?.tfjs ?? null }));
