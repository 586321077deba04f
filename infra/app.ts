// What the CDK command line runs: node app.ts DEPLOYMENT [FOLDER FOR THE TEMPLATES]
import { buildApp } from "./build-app.ts";
import { deploymentNamed } from "./config/deployments.ts";

const [name = "dev", outdir] = process.argv.slice(2);
buildApp(deploymentNamed(name), outdir).app.synth();
