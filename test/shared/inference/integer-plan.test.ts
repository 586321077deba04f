import { openInference } from "../../../trainer/engine/open-inference.ts";
import { describeIntegerPlan } from "./integer-plan.ts";

describeIntegerPlan("Node", openInference);
